import { SpanStoreError, throwIfAborted } from "../errors/errors.js";
import { orAborted } from "../errors/or-aborted.js";
import { parseTraceId } from "../model/ids.js";
import { compareCodePoints } from "../model/text-order.js";
import type { TracesData } from "../model/trace.js";
import { encodeTraces } from "../otlp/encode.js";
import { checkTimeRange } from "../query/search-of-query.js";
import type { TraceQuery } from "../query/trace-query.js";
import { allCapabilities } from "./contract/capabilities.js";
import type { Engine, EngineReader, Fragment, ThreadedEngine } from "./contract/engine.js";
import type {
  FoundTrace,
  SpanStore,
  StoreReads,
  SummaryChunk,
  TraceChunk,
  TraceSummary,
} from "./contract/span-store.js";
import { emptyEngine } from "./empty-engine.js";
import { expireSpans } from "./lifecycle/expire.js";
import { withLifecycle } from "./lifecycle/lifecycle.js";
import { createTenants, tenantIdleMillis } from "./lifecycle/tenants.js";
import { readMetrics } from "./metrics/read-metrics.js";
import { assembleChunks, distinctFragments } from "./reading/assemble.js";
import { limitConcurrency } from "./reading/limit-concurrency.js";
import { findSpanPage } from "./reading/span-pages.js";
import { summarize } from "./reading/summaries.js";
import { findMatchPage } from "./reading/trace-pages.js";

/** Each search holds what it looks at: more of them at once take memory, and end no sooner. */
const searchesTogether = 32;

/** Summaries are handed on in batches of this many. */
const summariesPerChunk = 100;

/**
 * Makes a store of an engine: validation, exact matching, ordering, assembly and lifecycle.
 * @param openTenant makes the engine of a tenant's own space; without it the store has one space for all, and
 *   refuses tenants.
 * @param listTenants names the tenants that have a space; their engines are closed while nobody uses them, and reading as
 *   another opens none. Without it tenants are those that this store was asked for, and their engines stay open, since
 *   closing may be forgetting.
 */
export function createSpanStore(
  engine: Engine | ThreadedEngine,
  openTenant?: (tenant: string) => Promise<Engine | ThreadedEngine>,
  listTenants?: () => Promise<readonly string[]>,
): SpanStore {
  const tenants =
    openTenant &&
    createTenants(engine.name, async (tenant) => createSpanStore(await openTenant(tenant)), {
      nothing: createSpanStore(emptyEngine),
      ...(listTenants && { list: listTenants, idleMillis: tenantIdleMillis }),
    });
  const noTenants = (): never => {
    throw new SpanStoreError("INVALID_OPTIONS", `${engine.name} has no tenants`, { field: "tenant" });
  };
  const named = async (): Promise<readonly string[]> => (await listTenants?.()) ?? tenants?.names() ?? [];
  return withLifecycle({
    engine: engine.name,
    ...("reads" in engine ? engine.reads : createStoreReads(engine)),
    write: async (traces, options) => {
      const encoded = encodedTraces(traces);
      if (encoded.length === 0) return { accepted: 0, rejected: [] };
      return engine.write(encoded, options?.signal, options?.handOver === true || encoded !== traces);
    },
    deleteBefore: (timeUnixNano) => engine.deleteBefore(timeUnixNano),
    expire: (timeUnixNano, options) => expireSpans(engine, timeUnixNano, options?.dryRun ?? false),
    purge: () => engine.purge(),
    capabilities: async () => allCapabilities,
    stats: () => engine.stats(),
    health: (options) => orAborted(engine.health(), options?.signal),
    forTenant: tenants?.forTenant ?? noTenants,
    tenants: async () => [...(await named())].sort(compareCodePoints),
    close: async () => {
      try {
        await tenants?.close();
      } finally {
        await engine.close();
      }
    },
  });
}

/** What is written, as OTLP bytes. */
export function encodedTraces(traces: Uint8Array | TracesData): Uint8Array {
  return traces instanceof Uint8Array ? traces : encodeTraces(traces);
}

/** The reads of a store, by the reading half of an engine: an engine may run them on a thread of its own. */
export function createStoreReads(engine: EngineReader): StoreReads {
  const limited = limitConcurrency(searchesTogether);
  /** Fragments of the traces that were found, in the order of the search, without copies. */
  const fragmentsOf = (ids: readonly string[], signal: AbortSignal | undefined): AsyncIterable<Fragment> =>
    ids.length === 0 ? noFragments() : abortable(distinctFragments(engine.fragments(ids, signal)), signal);

  /**
   * What a search finds, in chunks, the last one with the token of the next page. A page whose traces were all deleted
   * since they were found has no chunk, so the next page takes its place.
   */
  async function* findChunks<T extends TraceChunk | SummaryChunk>(
    query: TraceQuery,
    signal: AbortSignal | undefined,
    chunksOf: (fragments: AsyncIterable<Fragment>) => AsyncIterable<T>,
  ): AsyncGenerator<T, void, undefined> {
    for (let { page } = query; ; ) {
      const { matches, nextPageToken } = await limited(
        () => findMatchPage(engine, page === undefined ? query : { ...query, page }, signal),
        signal,
      );
      const chunks = chunksOf(
        fragmentsOf(
          matches.map(({ traceId }) => traceId),
          signal,
        ),
      );
      if (page === undefined || nextPageToken === undefined) return yield* chunks;
      let last: T | undefined;
      for await (const chunk of chunks) {
        if (last !== undefined) yield last;
        last = chunk;
      }
      if (last !== undefined) return yield { ...last, nextPageToken };
      page = { ...page, token: nextPageToken };
    }
  }
  const findSummaries = (query: TraceQuery, signal: AbortSignal | undefined) =>
    findChunks(query, signal, (fragments) => inBatches(summarize(fragments)));

  return {
    async *getTraces(traceIds, options): AsyncGenerator<TraceChunk, void, undefined> {
      const ids = [...new Set(traceIds.map((id, i) => parseTraceId(id, `traceIds[${i}]`)))];
      checkSpanLimit(options?.spanLimit);
      yield* assembleChunks(fragmentsOf(ids, options?.signal), options?.spanLimit);
    },

    async *findTraces(query, options): AsyncGenerator<TraceChunk, void, undefined> {
      checkSpanLimit(query.spanLimit);
      yield* findChunks(query, options?.signal, (fragments) => assembleChunks(fragments, query.spanLimit));
    },

    findTraceIds: async (query, options) => {
      const traces: FoundTrace[] = [];
      let token: string | undefined;
      for await (const { summaries, nextPageToken } of findSummaries(query, options?.signal)) {
        for (const { traceId, minStartTimeUnixNano, maxEndTimeUnixNano } of summaries) {
          traces.push({
            traceId,
            startTimeUnixNano: minStartTimeUnixNano,
            endTimeUnixNano: maxEndTimeUnixNano,
          });
        }
        token = nextPageToken;
      }
      return token === undefined ? { traces } : { traces, nextPageToken: token };
    },

    findTraceSummaries: (query, options) => findSummaries(query, options?.signal),

    findSpans: (query, options) => findSpanPage(engine, query, options?.signal),

    getServices: async (options) => [...(await engine.services(options?.signal))].sort(compareCodePoints),

    getOperations: async (query, options) => {
      if (query.service === "") {
        throw new SpanStoreError("INVALID_QUERY", "service is required", { field: "service" });
      }
      const operations = await engine.operations(query.service, options?.signal);
      return operations
        .filter((operation) => !query.spanKind || operation.spanKind === query.spanKind)
        .sort((a, b) => compareCodePoints(a.name, b.name) || compareCodePoints(a.spanKind, b.spanKind));
    },

    getDependencies: async (query, options) => {
      const { min, max } = checkTimeRange(query.startTimeUnixNano, query.endTimeUnixNano, "startTime");
      const dependencies = await engine.dependencies(
        { startTimeUnixNano: min, endTimeUnixNano: max },
        options?.signal,
      );
      return dependencies.sort(
        (a, b) => compareCodePoints(a.parent, b.parent) || compareCodePoints(a.child, b.child),
      );
    },

    getMetrics: (query, options) =>
      limited(() => readMetrics(engine, query, options?.signal), options?.signal),
  };
}

async function* noFragments(): AsyncGenerator<Fragment, void, undefined> {}

async function* inBatches(
  summaries: AsyncIterable<TraceSummary>,
): AsyncGenerator<SummaryChunk, void, undefined> {
  let batch: TraceSummary[] = [];
  for await (const summary of summaries) {
    batch.push(summary);
    if (batch.length === summariesPerChunk) {
      yield { summaries: batch };
      batch = [];
    }
  }
  if (batch.length > 0) yield { summaries: batch };
}

/** @throws INVALID_QUERY for a limit that is there and no whole number above 0. */
export function checkSpanLimit(limit: number | undefined): void {
  if (limit === undefined || (Number.isInteger(limit) && limit > 0)) return;
  throw new SpanStoreError("INVALID_QUERY", "spanLimit is no whole number above 0", { field: "spanLimit" });
}

/** Ends a stream with ABORTED once the signal has fired, also where the engine looks seldom. */
async function* abortable<T>(
  items: AsyncIterable<T>,
  signal: AbortSignal | undefined,
): AsyncGenerator<T, void, undefined> {
  for await (const item of items) {
    throwIfAborted(signal);
    yield item;
  }
}
