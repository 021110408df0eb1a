const mebi = 1024 * 1024;

/** What installs cost, as a table of Markdown's. */
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
