const mebi = 1024 * 1024;

/** The cost of installs, as a Markdown table. */
export function tableOf(titles, rows) {
  const heads = titles.flatMap((title) => [`${title}: packages`, "MB", "seconds"]);
  const lines = rows.map(({ name, costs }) => [
    `\`${name}\``,
    ...costs.flatMap(({ packages, bytes, seconds }) => [
      packages,
      (bytes / mebi).toFixed(1),
      seconds.toFixed(1),
    ]),
  ]);
  const ruler = ["---", ...heads.map(() => "---:")];
  return [["", ...heads], ruler, ...lines].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}
