import { readFileSync } from "node:fs";
import { expect, it } from "vitest";

const textOf = (path: string): string => readFileSync(new URL(path, import.meta.url), "utf8");
const readme = textOf("../README.md");

it("the README shows the quickstart as it is", () => {
  expect(readme).toContain(`\`\`\`ts\n${textOf("./quickstart/quickstart.ts")}\`\`\`\n`);
});

it("the README shows Jaeger's storage as the example configures it", () => {
  const [, shown = ""] = /```yaml\n([\s\S]*?)```/.exec(readme) ?? [];
  const [first = "", ...storage] = shown.split("\n").filter((line) => line !== "");
  // The example lets a variable say where the server is; the README shows what it stands for.
  const config = textOf("./jaeger/config.yaml").replace(/\$\{env:[A-Z_]+:-([^}]*)\}/g, "$1");
  expect(first).toBe("extensions:");
  expect(storage).not.toEqual([]);
  expect(config).toContain(`\n${first}\n${storage.join("\n")}\n`);
});
