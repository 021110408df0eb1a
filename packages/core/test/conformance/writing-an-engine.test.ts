import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";

const folder = fileURLToPath(new URL("..", import.meta.url));
const page = readFileSync(join(folder, "../WRITING-AN-ENGINE.md"), "utf8");
const code = Array.from(page.matchAll(/^```ts\n(.*?)^```$/gms), ([, block]) => block).join("");

// The page's module, with imports of this package redirected to its source.
const cache = join(folder, ".cache");
mkdirSync(cache, { recursive: true });
const place = mkdtempSync(join(cache, "page-"));
const source = (subpath = ""): string => {
  const file = subpath === "/testing" ? "testing/index.ts" : `${subpath.slice(1) || "index"}.ts`;
  return JSON.stringify(join(folder, "../src", file));
};
writeFileSync(
  join(place, "page.ts"),
  code.replace(/"@spanstore\/core(\/\w+)?"/g, (_, subpath?: string) => source(subpath)),
);
writeFileSync(
  join(place, "tsconfig.json"),
  JSON.stringify({ extends: "../../../tsconfig.json", include: [], files: ["page.ts"] }),
);
afterAll(() => rmSync(place, { recursive: true }));

describe("WRITING-AN-ENGINE.md", async () => {
  it("compiles", () => {
    expect(code).toContain("export async function openLogStore");
    const tsc = fileURLToPath(new URL("bin/tsc", import.meta.resolve("typescript/package.json")));
    const { stdout, status } = spawnSync(process.execPath, [tsc, "-p", place], { encoding: "utf8" });
    expect({ stdout, status }).toEqual({ stdout: "", status: 0 });
  });

  // The page's last block defines the tests of the conformance suite here.
  await import(join(place, "page.ts"));
});
