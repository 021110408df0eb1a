import { once } from "node:events";
import { connect as connectHttp2 } from "node:http2";
import { constants, PerformanceObserver } from "node:perf_hooks";
import { status } from "@grpc/grpc-js";
import type { TraceChunk } from "@spanstore/core";
import { afterEach, describe, expect, it } from "vitest";
import { errorOf, messageType, methodNamed, type Served, serve, storeWith } from "../harness.js";

const chunkCount = 200;
const encoded = messageType("opentelemetry.proto.trace.v1.TracesData").serialize({
  resourceSpans: [{ schemaUrl: "x".repeat(1024 * 1024) }],
});
const anyTrace = { query: [{ traceId: Buffer.alloc(16, 1) }] };

/** A store with one trace of 200 chunks of a megabyte that tells what is asked of it. */
function largeTrace() {
  let ended: (reason: unknown) => void = () => {};
  const watch = {
    /** How many chunks were asked for. */
    asked: 0,
    /** Resolves with the signal's reason when the reader leaves. */
    end: new Promise<unknown>((resolve) => {
      ended = resolve;
    }),
  };
  const store = storeWith({
    async *getTraces(_ids, options): AsyncGenerator<TraceChunk, void, undefined> {
      try {
        while (watch.asked < chunkCount) {
          watch.asked++;
          yield { traceId: "01".repeat(16), encoded };
        }
      } finally {
        ended(options?.signal?.reason);
      }
    },
  });
  return { store, watch };
}

describe("streams", () => {
  let served: Served | undefined;
  afterEach(async () => {
    await served?.stop();
    served = undefined;
  });

  it("delivers all of a large trace to a client that reads", async () => {
    const { store } = largeTrace();
    served = await serve({ store });
    let bytes = 0;
    for await (const chunk of served.client.stream("GetTraces", anyTrace)) {
      bytes += chunk.resourceSpans[0].schemaUrl.length;
    }
    expect(bytes).toBe(chunkCount * 1024 * 1024);
  });

  it("forces no garbage collection, since the process belongs to its host", async () => {
    let forced = 0;
    const count = (entries: readonly unknown[]): void => {
      for (const { detail } of entries as readonly { readonly detail: { readonly flags: number } }[])
        if (detail.flags & constants.NODE_PERFORMANCE_GC_FLAGS_FORCED) forced++;
    };
    const observer = new PerformanceObserver((list) => count(list.getEntries()));
    observer.observe({ entryTypes: ["gc"] });
    const { store } = largeTrace();
    served = await serve({ store });
    for await (const _ of served.client.stream("GetTraces", anyTrace));
    count(observer.takeRecords());
    observer.disconnect();
    expect(forced).toBe(0);
  });

  it("asks the store for no more than a slow client takes", async () => {
    const { store, watch } = largeTrace();
    served = await serve({ store });
    const { session } = await blockedStream(served.server.address, {});
    // Every round trip gives the server a turn in which it could go on.
    for (let i = 0; i < 100; i++) await served.client.unary("GetCapabilities", {});
    expect(watch.asked).toBeLessThanOrEqual(3);
    session.destroy();
    await watch.end;
  });

  it("stops reading when the client cancels", async () => {
    const { store, watch } = largeTrace();
    served = await serve({ store });
    const stream = served.client.stream("GetTraces", anyTrace);
    stream.on("error", () => {});
    await once(stream, "readable");
    stream.cancel();
    await watch.end;
    expect(watch.asked).toBeLessThan(chunkCount);
  });

  it("stops reading when the client's connection breaks", async () => {
    const { store, watch } = largeTrace();
    served = await serve({ store });
    const { session } = await blockedStream(served.server.address, {});
    session.destroy();
    await watch.end;
    expect(watch.asked).toBeLessThan(chunkCount);
  });

  it("stops reading at the deadline of a client that does not read", async () => {
    const { store, watch } = largeTrace();
    served = await serve({ store });
    const { session } = await blockedStream(served.server.address, { "grpc-timeout": "200m" });
    expect(String(await watch.end)).toBe("Symbol(deadline exceeded)");
    expect(watch.asked).toBeLessThan(chunkCount);
    session.destroy();
  });

  it("hands cancellation and deadline to a store that is still searching", async () => {
    let begun: () => void = () => {};
    let fired: (reason: unknown) => void = () => {};
    const untilAborted = (signal: AbortSignal | undefined) =>
      new Promise<never>((_resolve, reject) => {
        signal?.addEventListener("abort", () => {
          fired(signal.reason);
          reject(signal.reason);
        });
        begun();
      });
    served = await serve({
      store: storeWith({
        getServices: (options) => untilAborted(options?.signal),
        // biome-ignore lint/correctness/useYield: it never finds anything
        async *getTraces(_ids, options) {
          await untilAborted(options?.signal);
        },
      }),
    });
    const next = () =>
      [
        new Promise<void>((resolve) => {
          begun = resolve;
        }),
        new Promise<unknown>((resolve) => {
          fired = resolve;
        }),
      ] as const;

    const [streamBegun, streamFired] = next();
    const stream = served.client.stream("GetTraces", anyTrace);
    stream.on("error", () => {});
    await streamBegun;
    stream.cancel();
    expect(await streamFired).toMatchObject({ name: "AbortError" });

    const [callBegun, callFired] = next();
    const error = errorOf(served.client.unary("GetServices", {}, { deadline: Date.now() + 300 }));
    await callBegun;
    await callFired;
    expect((await error).code).toBe(status.DEADLINE_EXCEEDED);
  });

  it("ends with the store's error in the middle of a stream", async () => {
    served = await serve({
      store: storeWith({
        async *getTraces() {
          yield { traceId: "01".repeat(16), encoded };
          throw new TypeError("a defect");
        },
      }),
    });
    const error = await errorOf(served.client.collect("GetTraces", anyTrace));
    expect([error.code, error.details]).toEqual([status.INTERNAL, "internal error"]);
  });
});

/** A GetTraces call whose response is never read. */
async function blockedStream(address: string, headers: Record<string, string>) {
  const session = connectHttp2(`http://${address}`);
  session.on("error", () => {});
  const method = methodNamed("GetTraces");
  const stream = session.request({
    ":method": "POST",
    ":path": method.path,
    "content-type": "application/grpc",
    te: "trailers",
    ...headers,
  });
  stream.on("error", () => {});
  const message = method.requestSerialize(anyTrace);
  const frame = Buffer.alloc(5);
  frame.writeUInt32BE(message.length, 1);
  stream.end(Buffer.concat([frame, message]));
  await once(stream, "response");
  return { session };
}
