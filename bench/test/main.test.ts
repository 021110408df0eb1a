import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

it("the built program starts", () => {
  const main = fileURLToPath(new URL("../dist/main.js", import.meta.url));
  expect(execFileSync(process.execPath, [main, "--help"], { encoding: "utf8" })).toContain("npm run bench");
});
