import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const textOf = (path: string): string => readFileSync(new URL(path, import.meta.url), "utf8");
const readme = textOf("../README.md");

const asBlock = (path: string): string => `\`\`\`ts\n${textOf(path)}\`\`\`\n`;

it("the README and the page of the library show the examples as they are", () => {
  expect(readme).toContain(asBlock("./quickstart/ten-lines.ts"));
  expect(textOf("../docs/library.md")).toContain(asBlock("./quickstart/quickstart.ts"));
});

it("the README fits on two hundred lines", () => {
  expect(readme.split("\n").length).toBeLessThan(200);
});

it("the pictures are drawn from what the tree holds", () => {
  const script = fileURLToPath(new URL("../scripts/pictures.mjs", import.meta.url));
  execFileSync(process.execPath, [script, "--check"]);
});

it.each(["library", "operations", "jaeger-versions", "promises", "errors", "filter", "manticore-sql"])(
  "the links of docs/%s.md lead to existing files and headings",
  (name) => {
    const links = textOf(`../docs/${name}.md`).matchAll(/\]\(([^)#]+)[^)]*\)/g);
    for (const [, link = ""] of links) {
      if (link.includes("://")) continue;
      expect(existsSync(fileURLToPath(new URL(`../docs/${link}`, import.meta.url))), link).toBe(true);
    }
  },
);

it("the README shows Jaeger's storage as the example configures it", () => {
  const [, shown = ""] = /```yaml\n([\s\S]*?)```/.exec(readme) ?? [];
  const [first = "", ...storage] = shown.split("\n").filter((line) => line !== "");
  // The example lets a variable say where the server is; the README shows what it stands for.
  const config = textOf("./jaeger/config.yaml").replace(/\$\{env:[A-Z_]+:-([^}]*)\}/g, "$1");
  expect(first).toBe("extensions:");
  expect(storage).not.toEqual([]);
  expect(config).toContain(`\n${first}\n${storage.join("\n")}\n`);
});
