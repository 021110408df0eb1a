import { parseTraceId } from "../model/ids.js";
import { compareCodePoints } from "../model/text-order.js";
import type { TracesData } from "../model/trace.js";
import { encodeTraces } from "../otlp/encode.js";
import { checkTimeRange, searchOfQuery } from "../query/search-of-query.js";
import type { TraceQuery } from "../query/trace-query.js";
import { assembleChunks, distinctFragments } from "./assemble.js";
import type { Engine, EngineReader, Fragment } from "./engine.js";
import { SpanStoreError, throwIfAborted } from "./errors.js";
import { withLifecycle } from "./lifecycle.js";
import { findMatches } from "./search.js";
import type { FoundTrace, SpanStore, StoreReads, SummaryChunk, TraceChunk } from "./span-store.js";
import { summarize } from "./summaries.js";

/** Summaries are handed on in batches of this many. */
const summariesPerChunk = 100;

/** Makes a store of an engine: validation, exact matching, ordering, assembly and lifecycle. */
export function createSpanStore(engine: Engine): SpanStore {
  return withLifecycle({
    engine: engine.name,
    ...createStoreReads(engine),
    write: async (traces, options) => {
      const encoded = encodedTraces(traces);
      return encoded.length === 0 ? { accepted: 0, rejected: [] } : engine.write(encoded, options?.signal);
    },
    deleteBefore: (timeUnixNano) => engine.deleteBefore(timeUnixNano),
    purge: () => engine.purge(),
    stats: () => engine.stats(),
    health: () => engine.health(),
    close: () => engine.close(),
  });
}

/** What is written, as OTLP bytes. */
export function encodedTraces(traces: Uint8Array | TracesData): Uint8Array {
  return traces instanceof Uint8Array ? traces : encodeTraces(traces);
}

/** The reads of a store, by the reading half of an engine: an engine may run them on a thread of its own. */
export function createStoreReads(engine: EngineReader): StoreReads {
  /** Fragments of the traces that a query finds, in the order of the search, without copies. */
  const found = async function* (
    query: TraceQuery,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<Fragment, void, undefined> {
    const matches = await findMatches(engine, searchOfQuery(query), signal);
    if (matches.length === 0) return;
    const ids = matches.map((match) => match.traceId);
    yield* abortable(distinctFragments(engine.fragments(ids, signal)), signal);
  };

  return {
    async *getTraces(traceIds, options): AsyncGenerator<TraceChunk, void, undefined> {
      const ids = [...new Set(traceIds.map((id, i) => parseTraceId(id, `traceIds[${i}]`)))];
      if (ids.length === 0) return;
      const fragments = distinctFragments(engine.fragments(ids, options?.signal));
      yield* assembleChunks(abortable(fragments, options?.signal));
    },

    async *findTraces(query, options): AsyncGenerator<TraceChunk, void, undefined> {
      yield* assembleChunks(found(query, options?.signal));
    },

    findTraceIds: async (query, options) => {
      const traces: FoundTrace[] = [];
      for await (const summary of summarize(found(query, options?.signal))) {
        traces.push({
          traceId: summary.traceId,
          startTimeUnixNano: summary.minStartTimeUnixNano,
          endTimeUnixNano: summary.maxEndTimeUnixNano,
        });
      }
      return { traces };
    },

    async *findTraceSummaries(query, options): AsyncGenerator<SummaryChunk, void, undefined> {
      let summaries = [];
      for await (const summary of summarize(found(query, options?.signal))) {
        summaries.push(summary);
        if (summaries.length === summariesPerChunk) {
          yield { summaries };
          summaries = [];
        }
      }
      if (summaries.length > 0) yield { summaries };
    },

    getServices: async (options) => (await engine.services(options?.signal)).sort(compareCodePoints),

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
  };
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
