import { expect, it, vi } from "vitest";

it("the quickstart finds what it stored", async () => {
  const log = vi.spyOn(console, "log").mockImplementation(() => {});
  await import("./quickstart.js");
  expect(log.mock.calls).toEqual([
    [["shop"]],
    ["a".repeat(32), 1, "GET /cart"],
    [["b".repeat(32)]],
    [["c".repeat(32)]],
  ]);
});
