import { SpanStoreError } from "../errors/errors.js";
import { parseTraceId } from "../model/ids.js";
import { compareCodePoints } from "../model/text-order.js";
import { checkTimeRange } from "../query/search-of-query.js";
import type { TraceQuery } from "../query/trace-query.js";
import type { FoundTrace, SummaryChunk, TraceChunk, TraceSummary } from "./contract/calls.js";
import { eachRead } from "./contract/each-read.js";
import type { EngineReader, Fragment } from "./contract/engine.js";
import type { Reading } from "./contract/reading.js";
import type { StoreReads } from "./contract/span-store.js";
import { readMetrics } from "./metrics/read-metrics.js";
import { assembleChunks, distinctFragments } from "./reading/assemble.js";
import { type ReadBudget, readBudget, uncounted } from "./reading/read-budget.js";
import { findSpanPage } from "./reading/span-pages.js";
import { summarize } from "./reading/summaries.js";
import { findMatchPage } from "./reading/trace-pages.js";

/** The size of a chunk of summaries. */
const summariesPerChunk = 100;

/** Makes the reads of a store from the reading half of an engine. An engine may call it on its own threads. */
export function createStoreReads(engine: EngineReader, budget?: ReadBudget): StoreReads {
  return withinBudget((reading) => readsOf(engine, reading), budget);
}

/** As {@link createStoreReads} without a budget, for small reads that the calling thread counts. */
export function createUncountedReads(engine: EngineReader): StoreReads {
  return readsOf(engine, uncounted);
}

/**
 * Runs reads in the budget of their thread.
 * @param readsOf makes the reads of one call.
 */
function withinBudget(
  readsOf: (reading: Reading) => StoreReads,
  budget: ReadBudget = readBudget,
): StoreReads {
  return eachRead({
    call: (ask, options) => budget.run((reading) => ask(readsOf(reading)), options),
    stream: (ask, options) => budget.stream((reading) => ask(readsOf(reading)), options),
  });
}

/** The memory of a read from another thread: the bytes sent ahead of the consumer, and the chunks made from them. */
const bytesFromThread = 4 * 1024 * 1024;

/** Counts reads that run on other threads in the budget of the calling thread. */
export function withinBudgetFromThreads(reads: StoreReads): StoreReads {
  return eachRead({
    call: (ask, options) =>
      readBudget.run(async (reading) => {
        await reading.part()(bytesFromThread);
        return ask(reads);
      }, options),
    stream: (ask, options) =>
      readBudget.stream(async function* (reading) {
        await reading.part()(bytesFromThread);
        yield* ask(reads);
      }, options),
  });
}

function readsOf(engine: EngineReader, reading: Reading): StoreReads {
  /** The fragments of these traces, in the order of the ids, without copies of spans. */
  const fragmentsOf = (ids: readonly string[], signal: AbortSignal | undefined): AsyncIterable<Fragment> =>
    ids.length === 0
      ? noFragments()
      : distinctFragments(engine.fragments(ids, signal, reading), reading, signal);

  /**
   * The results of a search in chunks; the last chunk carries the token of the next page. Continues with the next page when
   * all traces of a page were deleted after the search found them: such a page has no chunk to carry the token.
   */
  async function* findChunks<T extends TraceChunk | SummaryChunk>(
    query: TraceQuery,
    signal: AbortSignal | undefined,
    chunksOf: (fragments: AsyncIterable<Fragment>) => AsyncIterable<T>,
  ): AsyncGenerator<T, void, undefined> {
    for (let { page } = query; ; ) {
      const asked = page === undefined ? query : { ...query, page };
      const { matches, nextPageToken } = await findMatchPage(engine, asked, reading, signal);
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
    findChunks(query, signal, (fragments) => inBatches(summarize(fragments, reading)));

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

    findSpans: (query, options) => findSpanPage(engine, query, reading, options?.signal),

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
        reading,
      );
      return dependencies.sort(
        (a, b) => compareCodePoints(a.parent, b.parent) || compareCodePoints(a.child, b.child),
      );
    },

    getMetrics: (query, options) => readMetrics(engine, query, reading, options?.signal),
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

/** @throws INVALID_QUERY unless the limit is a whole number above 0. */
export function checkSpanLimit(limit: number | undefined): void {
  if (limit === undefined || (Number.isInteger(limit) && limit > 0)) return;
  throw new SpanStoreError("INVALID_QUERY", `spanLimit must be a whole number above 0, not ${limit}`, {
    field: "spanLimit",
  });
}
