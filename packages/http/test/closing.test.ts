import { openMemoryStore, type SpanStore } from "@spanstore/core";
import { expect, it } from "vitest";
import { serve } from "./harness.js";

it("closes when its last answer is sent, though the client keeps the connection", async () => {
  let asked = (): void => {};
  let answer = (): void => {};
  const isAsked = new Promise<void>((resolve) => {
    asked = resolve;
  });
  const store: SpanStore = {
    ...openMemoryStore(),
    getServices: () =>
      new Promise((resolve) => {
        answer = () => resolve(["shop"]);
        asked();
      }),
  };
  // The connection would be closed after ten minutes without a request.
  await using served = await serve({ idleMs: 600_000 }, store);
  const reply = served.get("/api/services");
  await isAsked;
  const closed = served.face.close();
  answer();
  expect((await reply).json.data).toEqual(["shop"]);
  await closed;
});
