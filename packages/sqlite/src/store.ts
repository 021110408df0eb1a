import {
  openMemoryStore,
  type SpanStore,
  SpanStoreError,
  type TracesData,
  type WriteOptions,
} from "@spanstore/core";
import {
  allCapabilities,
  compareCodePoints,
  createTenants,
  encodedTraces,
  type SpanCount,
  type StoreCalls,
  tenantIdleMillis,
  withLifecycle,
} from "@spanstore/core/engine";
import type { ThreadPool } from "./connection/thread-pool.js";
import { memoryPrefix } from "./connection/thread-protocol.js";
import { tenantNames, tenantPath } from "./schema/tenant-path.js";
import { createThreads, type StoreThreads } from "./threads.js";

export interface ThreadedStoreOptions {
  readonly path: string;
  readonly synchronous: "full" | "normal";
  readonly readers: number;
}

/**
 * A store whose writes run on one thread and whose reads on others, so that neither a slow search nor a commit holds up
 * anything else. Its tenants, each in a file of its own, share these threads. Databases in memory have one thread for all.
 */
export async function openThreadedStore({ path, ...options }: ThreadedStoreOptions): Promise<SpanStore> {
  const threads = createThreads(options, path === memoryPrefix);
  try {
    await threads.open(path);
  } catch (error) {
    await threads.close();
    throw error;
  }
  // Started ahead of the first search, and not waited for: a failure shows when it is used.
  threads.readers.get().catch(() => undefined);

  let memoryTenants = 0;
  const openTenant = async (tenant: string): Promise<SpanStore> => {
    const space =
      path === memoryPrefix ? `${memoryPrefix}${++memoryTenants}` : await tenantPath(path, tenant);
    await threads.open(space);
    const refuse = (): never => {
      throw new SpanStoreError("INVALID_OPTIONS", `a tenant has no tenants of its own: ${tenant}`);
    };
    return withLifecycle({
      ...spaceCalls(threads, space),
      forTenant: refuse,
      tenants: async () => [],
      close: () => threads.forget(space),
    });
  };
  const tenants = createTenants("sqlite", openTenant, {
    nothing: openMemoryStore(),
    ...(path === memoryPrefix ? {} : { list: () => tenantNames(path), idleMillis: tenantIdleMillis }),
  });

  return withLifecycle({
    ...spaceCalls(threads, path),
    forTenant: tenants.forTenant,
    tenants: async () =>
      (path === memoryPrefix ? tenants.names() : await tenantNames(path)).sort(compareCodePoints),
    close: async () => {
      try {
        await tenants.close();
      } finally {
        await threads.close();
      }
    },
  });
}

/** The calls of one database. */
function spaceCalls(
  threads: StoreThreads,
  space: string,
): Omit<StoreCalls, "forTenant" | "tenants" | "close"> {
  const { writer, readers, counters } = threads;
  const quick = threads.quickReads(space);

  const run = async <T>(
    pool: ThreadPool,
    method: string,
    args: readonly unknown[],
    signal?: AbortSignal,
    transfer?: readonly ArrayBuffer[],
  ): Promise<T> => (await pool.get(signal)).call<T>({ space, method, args, signal }, transfer);
  const stream = async function* <T>(
    method: "getTraces" | "findTraces" | "findTraceSummaries" | "findSpans",
    argument: unknown,
    signal: AbortSignal | undefined,
    options: object = {},
  ): AsyncGenerator<T, void, undefined> {
    const thread = await readers.get(signal);
    yield* thread.stream<T>({ space, method, args: [argument], signal }, options);
  };

  return {
    engine: "sqlite",
    write: async (traces, call) => {
      const encoded = ownedBytes(traces, call);
      return run(writer, "write", [encoded], call?.signal, [encoded.buffer]);
    },
    getTraces: (ids, call) =>
      quick?.getTraces(ids, call) ?? stream("getTraces", ids, call?.signal, { spanLimit: call?.spanLimit }),
    findTraces: (query, call) => stream("findTraces", query, call?.signal),
    findTraceIds: (query, call) => run(readers, "findTraceIds", [query], call?.signal),
    findTraceSummaries: (query, call) => stream("findTraceSummaries", query, call?.signal),
    findSpans: (query, call) => stream("findSpans", query, call?.signal),
    getServices: (call) => quick?.getServices(call) ?? run(readers, "getServices", [], call?.signal),
    getOperations: (query, call) =>
      quick?.getOperations(query, call) ?? run(readers, "getOperations", [query], call?.signal),
    getDependencies: (query, call) => run(counters, "getDependencies", [query], call?.signal),
    deleteBefore: async (time) => {
      await run(writer, "deleteBefore", [time]);
    },
    expire: async (time, call) => {
      if (time <= 0n) return [];
      const { spans, bytes } = await (call?.dryRun
        ? run<SpanCount>(counters, "countBefore", [time])
        : run<SpanCount>(writer, "expire", [time]));
      return spans === 0 ? [] : [{ name: "sqlite", spans, bytes }];
    },
    purge: () => run(writer, "purge", []),
    capabilities: async () => allCapabilities,
    stats: () => run(writer, "stats", []),
    health: async () => {
      await Promise.all([run(writer, "health", []), readers.get(), counters.get()]);
    },
  };
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
