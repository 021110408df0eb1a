import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished, vi } from "vitest";

it("the quickstart finds what it stored", async () => {
  const log = vi.spyOn(console, "log").mockImplementation(() => {});
  await import("./quickstart.js");
  expect(log.mock.calls).toEqual([
    [["shop"]],
    ["a".repeat(32), 1, "GET /cart"],
    [["b".repeat(32)]],
    [["c".repeat(32)]],
    ["GET /cart", 1, 0, 12],
    ["POST /checkout", 2, 2, 1203],
  ]);
});

it("the ten lines find what they stored, in a file", async () => {
  const folder = mkdtempSync(join(tmpdir(), "spanstore-quickstart-"));
  const before = process.cwd();
  process.chdir(folder);
  onTestFinished(() => {
    process.chdir(before);
    rmSync(folder, { recursive: true });
  });
  const log = vi.spyOn(console, "log").mockImplementation(() => {});
  await import("./ten-lines.js");
  expect(log.mock.calls).toEqual([["5b8aa5a2d2c872e8321cf37308d69df2"]]);
});
