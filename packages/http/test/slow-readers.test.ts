import { once } from "node:events";
import { get as httpGet, type IncomingMessage } from "node:http";
import { openMemoryStore, type SpanStore, type TraceChunk } from "@spanstore/core";
import { expect, it } from "vitest";
import { serve, span, traceId, tracesOf } from "./harness.js";

const readers = 20;
/** So many are read at once, and one more that may go beyond the bound. */
const atOnce = 9;

/** A store that counts how many of its streams are read at the same time. */
function counted(inner: SpanStore): { readonly store: SpanStore; most: () => number; now: () => number } {
  let now = 0;
  let most = 0;
  async function* counting(chunks: AsyncIterable<TraceChunk>): AsyncGenerator<TraceChunk, void, undefined> {
    most = Math.max(most, ++now);
    try {
      yield* chunks;
    } finally {
      now--;
    }
  }
  return {
    store: {
      ...inner,
      getTraces: (...args) => counting(inner.getTraces(...args)),
    },
    most: () => most,
    now: () => now,
  };
}

it("bounds the memory of traces read at once, however slowly clients take their answers", async () => {
  const inner = openMemoryStore();
  // More than the sockets of both sides hold.
  const spans = Array.from({ length: 16 }, (_, i) => span(i + 1, { name: `${i}`.padEnd(400_000, "x") }));
  for (const one of spans) await inner.write(tracesOf("shop", one));
  const { store, most, now } = counted(inner);
  await using served = await serve({ heldTraceBytes: 1000 }, store);

  const read = async (answer: IncomingMessage): Promise<"whole" | "broken off"> => {
    let size = 0;
    try {
      for await (const piece of answer) size += (piece as Buffer).length;
    } catch {
      return "broken off";
    }
    expect(size).toBeGreaterThan(6_400_000);
    return "whole";
  };
  let begun = 0;
  let full = (): void => {};
  const isFull = new Promise<void>((resolve) => {
    full = resolve;
  });
  let resume = (): void => {};
  const mayGoOn = new Promise<void>((resolve) => {
    resume = resolve;
  });
  const clients = Array.from({ length: readers }, async () => {
    const request = httpGet({ port: served.port, path: `/api/traces/${traceId}`, agent: false });
    const [answer] = (await once(request, "response")) as [IncomingMessage];
    expect(answer.statusCode).toBe(200);
    if (++begun === atOnce - 1) full();
    await mayGoOn;
    return read(answer);
  });
  await isFull;
  expect((await served.get("/api/services")).json.data).toEqual(["shop"]);
  resume();
  const ends = await Promise.all(clients);
  expect(ends).toContain("whole");
  expect(most()).toBeLessThanOrEqual(atOnce);
  expect(now()).toBe(0);
}, 120_000);

it("breaks off an answer whose client takes nothing while others wait", async () => {
  const inner = openMemoryStore();
  for (let i = 1; i <= 16; i++) await inner.write(tracesOf("shop", span(i, { name: "x".repeat(400_000) })));
  let end = (): void => {};
  const isBroken = new Promise<void>((resolve) => {
    end = resolve;
  });
  await using served = await serve({ heldTraceBytes: 1000, stallMs: 600_000, finished: end }, inner);
  // Nothing is taken but the head of each answer.
  const requests = Array.from({ length: atOnce + 1 }, () =>
    httpGet({ port: served.port, path: `/api/traces/${traceId}`, agent: false })
      .on("response", (answer) => answer.on("error", () => {}).pause())
      .on("error", () => {}),
  );
  await isBroken;
  for (const request of requests) request.destroy();
}, 120_000);

it("ends reads for an answer that is not needed", async () => {
  const inner = openMemoryStore();
  await inner.write(tracesOf("shop", span(1)));
  await using served = await serve({}, inner);
  const { headers } = await served.get(`/api/traces/${traceId}`);
  const known = { headers: { "if-none-match": headers.get("etag") ?? "" } };
  for (let i = 0; i < 2 * atOnce; i++) {
    expect((await served.get(`/api/traces/${traceId}`, known)).status).toBe(304);
  }
  expect((await served.get(`/api/traces/${traceId}`)).status).toBe(200);
});
