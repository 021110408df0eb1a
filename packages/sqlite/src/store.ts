import type { SpanStore } from "@spanstore/core";
import {
  createSpanStore,
  type GetTracesOptions,
  type ReadOptions,
  type SpanCount,
  type StoreReads,
  type ThreadedEngine,
} from "@spanstore/core/engine";
import type { ThreadPool } from "./connection/thread-pool.js";
import { memoryPrefix } from "./connection/thread-protocol.js";
import { type PackedMetrics, unpackMetrics } from "./read/packed-metrics.js";
import { tenantNames, tenantPath } from "./schema/tenant-path.js";
import { createThreads, type StoreThreads } from "./threads.js";

export interface ThreadedStoreOptions {
  readonly path: string;
  readonly synchronous: "full" | "normal";
  readonly readers: number;
}

/**
 * Opens a store that writes on one thread and reads on others, so that neither a slow search nor a commit holds up anything
 * else. Its tenants, each in its own file, share these threads. Databases in memory share one thread.
 */
export async function openThreadedStore({ path, ...options }: ThreadedStoreOptions): Promise<SpanStore> {
  const inMemory = path === memoryPrefix;
  const threads = createThreads(options, inMemory);
  const open = async (space: string): Promise<ThreadedEngine> => {
    await threads.open(space);
    return engineOf(threads, space);
  };
  let engine: ThreadedEngine;
  try {
    engine = await open(path);
  } catch (error) {
    await threads.close();
    throw error;
  }
  // Starts a reader ahead of the first search without waiting; the first search reports a failure.
  threads.readers.get().catch(() => undefined);

  let memoryTenants = 0;
  return createSpanStore(
    { ...engine, close: threads.close },
    async (tenant) => open(inMemory ? `${memoryPrefix}${++memoryTenants}` : await tenantPath(path, tenant)),
    inMemory ? undefined : () => tenantNames(path),
  );
}

/** The engine of one database. It passes calls on to the threads. */
function engineOf(threads: StoreThreads, space: string): ThreadedEngine {
  const { writer, readers, counters } = threads;
  const write = <T>(method: string, args: readonly unknown[] = []): Promise<T> =>
    run({ pool: writer, space, method, args });

  return {
    name: "sqlite",
    reads: readsOf(threads, space),
    write: (encoded, signal, handOver = false, watched) => {
      const owned = ownedBytes(encoded, handOver);
      const options = watched === undefined ? {} : { watched };
      const transfer = [owned.buffer];
      return run({ pool: writer, space, method: "write", args: [owned], options, signal, transfer });
    },
    deleteBefore: async (time) => {
      await write("deleteBefore", [time]);
    },
    expire: async (time, dryRun) => {
      const { spans, bytes } = await (dryRun
        ? run<SpanCount>({ pool: counters, space, method: "countBefore", args: [time] })
        : write<SpanCount>("expire", [time]));
      return spans === 0 ? [] : [{ name: "sqlite", spans, bytes }];
    },
    purge: () => write("purge"),
    stats: () => write("stats"),
    health: async () => {
      await Promise.all([write("health"), readers.get(), counters.get()]);
    },
    close: () => threads.forget(space),
  };
}

/** The caller's thread answers small reads; the others go to the pool for their kind. */
function readsOf({ readers, counters, quickReads }: StoreThreads, space: string): StoreReads {
  const quick = quickReads(space);
  const read = <T>(
    pool: ThreadPool,
    method: keyof StoreReads,
    args: readonly unknown[],
    call?: ReadOptions,
  ) => run<T>({ pool, space, method, args, options: passed(call), signal: call?.signal });
  const stream = async function* <T>(
    method: keyof StoreReads,
    argument: unknown,
    call: GetTracesOptions | undefined,
  ): AsyncGenerator<T, void, undefined> {
    const thread = await readers.get(call?.signal);
    yield* thread.stream<T>({ space, method, args: [argument], options: passed(call), signal: call?.signal });
  };

  return {
    getTraces: (ids, call) => quick?.getTraces(ids, call) ?? stream("getTraces", ids, call),
    findTraces: (query, call) => stream("findTraces", query, call),
    findTraceIds: (query, call) => read(readers, "findTraceIds", [query], call),
    findTraceSummaries: (query, call) => stream("findTraceSummaries", query, call),
    findSpans: (query, call) => stream("findSpans", query, call),
    getServices: (call) => quick?.getServices(call) ?? read(readers, "getServices", [], call),
    getOperations: (query, call) =>
      quick?.getOperations(query, call) ?? read(readers, "getOperations", [query], call),
    getDependencies: (query, call) => read(counters, "getDependencies", [query], call),
    getMetrics: async (query, call) =>
      unpackMetrics(await read<PackedMetrics>(counters, "getMetrics", [query], call)),
  };
}

/** The options of a read that a thread knows. Callers may add others, which a message may be unable to carry. */
function passed(call: GetTracesOptions | undefined): object {
  return { spanLimit: call?.spanLimit, nested: call?.nested };
}

interface PoolCall {
  readonly pool: ThreadPool;
  readonly space: string;
  readonly method: string;
  readonly args: readonly unknown[];
  readonly options?: object;
  readonly signal?: AbortSignal | undefined;
  readonly transfer?: readonly ArrayBuffer[];
}

async function run<T>({ pool, transfer, ...call }: PoolCall): Promise<T> {
  return (await pool.get(call.signal)).call<T>(call, transfer);
}

/** Pooled Buffers are smaller than half their pool, so bytes that nearly fill their buffer are not pooled. */
const maxSpareBytes = 64;

/** Bytes whose buffer can be transferred to a thread: a copy, unless they are ours and fill their buffer. */
function ownedBytes(encoded: Uint8Array, isOurs: boolean): Uint8Array<ArrayBuffer> {
  if (
    isOurs &&
    encoded.buffer instanceof ArrayBuffer &&
    encoded.buffer.byteLength - encoded.length <= maxSpareBytes
  ) {
    return encoded as Uint8Array<ArrayBuffer>;
  }
  return new Uint8Array(encoded);
}
