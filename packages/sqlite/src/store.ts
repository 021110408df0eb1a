import { allCapabilities, encodedTraces, type SpanStore, type StoreReads, withLifecycle } from "@spanstore/core";
import { startThread } from "./thread-client.js";
import { createThreadPool, poolOf, type ThreadPool } from "./thread-pool.js";
import type { ThreadOptions } from "./thread-protocol.js";

export interface ThreadedStoreOptions {
  readonly path: string;
  readonly synchronous: "full" | "normal";
  readonly readers: number;
}

/**
 * A store whose writes run on one thread and whose reads on others, so that neither a slow search nor a
 * commit holds up anything else. A database in memory has one thread for both.
 */
export async function openThreadedStore(options: ThreadedStoreOptions): Promise<SpanStore> {
  const { path, synchronous } = options;
  const inMemory = path === ":memory:";
  const start = (role: ThreadOptions["role"]) => startThread({ path, synchronous, role });
  const writer = await start(inMemory ? "both" : "writer");
  const readers = inMemory ? poolOf(writer) : createThreadPool(options.readers, () => start("reader"));
  // Counting calls keeps a ledger and can be long: it has a thread of its own.
  const counters = inMemory ? poolOf(writer) : createThreadPool(1, () => start("reader"));

  const read = <M extends "findTraceIds" | "getServices" | "getOperations" | "getDependencies">(
    pool: ThreadPool,
    method: M,
    args: readonly unknown[],
    signal: AbortSignal | undefined,
  ): ReturnType<StoreReads[M]> =>
    pool.get().then((thread) => thread.call(method, args, signal)) as ReturnType<StoreReads[M]>;

  const stream = async function* <T>(
    method: "getTraces" | "findTraces" | "findTraceSummaries" | "findSpans",
    argument: unknown,
    signal: AbortSignal | undefined,
    options: object = {},
  ): AsyncGenerator<T, void, undefined> {
    yield* (await readers.get()).stream<T>(method, [argument], options, signal);
  };

  return withLifecycle({
    engine: "sqlite",
    write: async (traces, call) => {
      // Handed over to the thread, so it must be ours alone.
      const encoded = new Uint8Array(encodedTraces(traces));
      return writer.call("write", [encoded], call?.signal, [encoded.buffer]);
    },
    getTraces: (ids, call) => stream("getTraces", ids, call?.signal, { spanLimit: call?.spanLimit }),
    findTraces: (query, call) => stream("findTraces", query, call?.signal),
    findTraceIds: (query, call) => read(readers, "findTraceIds", [query], call?.signal),
    findTraceSummaries: (query, call) => stream("findTraceSummaries", query, call?.signal),
    findSpans: (query, call) => stream("findSpans", query, call?.signal),
    getServices: (call) => read(readers, "getServices", [], call?.signal),
    getOperations: (query, call) => read(readers, "getOperations", [query], call?.signal),
    getDependencies: (query, call) => read(counters, "getDependencies", [query], call?.signal),
    deleteBefore: (time) => writer.call("deleteBefore", [time]),
    purge: () => writer.call("purge", []),
    capabilities: async () => allCapabilities,
    stats: () => writer.call("stats", []),
    health: () => writer.call("health", []),
    close: async () => {
      await Promise.all([readers.close(), counters.close()]);
      await writer.close();
    },
  });
}
