import { expect, it, vi } from "vitest";

it("the quickstart finds what it stored", async () => {
  const log = vi.spyOn(console, "log").mockImplementation(() => {});
  await import("./quickstart.js");
  expect(log.mock.calls).toEqual([[["shop"]], ["0af7651916cd43dd8448eb211c80319c", "GET /cart"]]);
});
