import { openMemoryStore, type SpanStore, type TracesData, type WriteOptions } from "@spanstore/core";
import {
  allCapabilities,
  compareCodePoints,
  createTenants,
  encodedTraces,
  type SpanCount,
  type StoreReads,
  withLifecycle,
} from "@spanstore/core/engine";
import { startThread } from "./connection/thread-client.js";
import { createThreadPool, poolOf, type ThreadPool } from "./connection/thread-pool.js";
import type { ThreadOptions } from "./connection/thread-protocol.js";
import { openQuickReads } from "./read/quick-reads.js";
import { tenantNames, tenantPath } from "./schema/tenant-path.js";

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

  // Started ahead of the first search, and not waited for: a failure shows when it is used.
  readers.get().catch(() => undefined);
  const quick = inMemory ? undefined : openQuickReads(path);

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

  const tenants = inMemory
    ? createTenants("sqlite", () => openThreadedStore(options))
    : createTenants(
        "sqlite",
        async (tenant) => openThreadedStore({ ...options, path: await tenantPath(path, tenant) }),
        { list: () => tenantNames(path), nothing: openMemoryStore() },
      );

  return withLifecycle({
    engine: "sqlite",
    write: async (traces, call) => {
      const encoded = ownedBytes(traces, call);
      return writer.call("write", [encoded], call?.signal, [encoded.buffer]);
    },
    getTraces: (ids, call) =>
      quick?.getTraces(ids, call) ?? stream("getTraces", ids, call?.signal, { spanLimit: call?.spanLimit }),
    findTraces: (query, call) => stream("findTraces", query, call?.signal),
    findTraceIds: (query, call) => read(readers, "findTraceIds", [query], call?.signal),
    findTraceSummaries: (query, call) => stream("findTraceSummaries", query, call?.signal),
    findSpans: (query, call) => stream("findSpans", query, call?.signal),
    getServices: (call) => quick?.getServices(call) ?? read(readers, "getServices", [], call?.signal),
    getOperations: (query, call) =>
      quick?.getOperations(query, call) ?? read(readers, "getOperations", [query], call?.signal),
    getDependencies: (query, call) => read(counters, "getDependencies", [query], call?.signal),
    deleteBefore: async (time) => {
      await writer.call("deleteBefore", [time]);
    },
    expire: async (time, call) => {
      if (time <= 0n) return [];
      const { spans, bytes } = call?.dryRun
        ? await (await counters.get()).call<SpanCount>("countBefore", [time])
        : await writer.call<SpanCount>("expire", [time]);
      return spans === 0 ? [] : [{ name: "sqlite", spans, bytes }];
    },
    purge: () => writer.call("purge", []),
    capabilities: async () => allCapabilities,
    stats: () => writer.call("stats", []),
    health: () => writer.call("health", []),
    forTenant: tenants.forTenant,
    tenants: async () => (inMemory ? tenants.names() : await tenantNames(path)).sort(compareCodePoints),
    close: async () => {
      await tenants.close();
      quick?.close();
      await Promise.all([readers.close(), counters.close()]);
      await writer.close();
    },
  });
}

/** A pooled Buffer is smaller than half its pool, so what nearly fills its buffer has it alone. */
const maxSpareBytes = 64;

/** Bytes in a buffer that can be given away to a thread. */
function ownedBytes(
  traces: Uint8Array | TracesData,
  options: WriteOptions | undefined,
): Uint8Array<ArrayBuffer> {
  const encoded = encodedTraces(traces);
  const isOurs = options?.handOver === true || encoded !== traces;
  if (
    isOurs &&
    encoded.buffer instanceof ArrayBuffer &&
    encoded.buffer.byteLength - encoded.length <= maxSpareBytes
  ) {
    return encoded as Uint8Array<ArrayBuffer>;
  }
  return new Uint8Array(encoded);
}
