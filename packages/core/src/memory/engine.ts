import { throwIfAborted } from "../errors/errors.js";
import { spansSince } from "../fragments/spans-since.js";
import { splitByTrace } from "../fragments/split.js";
import { watchedFragments } from "../fragments/watched-fragments.js";
import { spanKindWord } from "../model/trace.js";
import { spansOf } from "../otlp/groups.js";
import { readHex } from "../otlp/wire.js";
import { maxUnixNano } from "../query/search-of-query.js";
import type { Operation } from "../store/contract/calls.js";
import type { CandidateBatch, Engine, Fragment } from "../store/contract/engine.js";
import { batchEnd } from "../store/reading/batches.js";
import { callsOfTrace, createCallCounter } from "../store/reading/dependencies.js";
import { createTurns } from "../store/reading/turns.js";

/** The most fragments of a batch; `bytesPerBatch` bounds it, too. */
const fragmentsPerBatch = 64;
const bytesPerBatch = 1024 * 1024;

/**
 * Keeps spans in arrays, without an index: searches and lists read everything. Its answers are right by definition, and
 * tests compare other engines with it.
 */
export function createMemoryEngine(): Engine {
  let traces = new Map<string, Fragment[]>();
  let sequence = 0;

  /** Visits all traces, and yields to other calls in between. */
  const eachTrace = async (
    signal: AbortSignal | undefined,
    visit: (fragments: readonly Fragment[]) => void,
  ): Promise<void> => {
    const turns = createTurns();
    for (const fragments of [...traces.values()]) {
      visit(fragments);
      const turn = turns();
      if (turn === undefined) continue;
      await turn;
      throwIfAborted(signal);
    }
  };

  return {
    name: "memory",

    write: async (encoded, _signal, _handOver, watched) => {
      const split = splitByTrace(encoded);
      sequence++;
      for (const fragment of split.fragments) {
        const traceId = readHex(fragment.traceId, 0, 16);
        const known = traces.get(traceId) ?? [];
        if (known.some((other) => Buffer.compare(other.encoded, fragment.encoded) === 0)) continue;
        known.push({ traceId, encoded: fragment.encoded, sequence });
        traces.set(traceId, known);
      }
      return {
        accepted: split.spanCount,
        rejected: split.rejected,
        ...(watched === undefined ? {} : { watched: watchedFragments(split, watched) }),
      };
    },

    sequence: async () => sequence,

    async *candidates(): AsyncGenerator<CandidateBatch, void> {
      for (const fragments of batchesOf([...traces.values()].flat())) {
        yield { fragments, laterStartAtMostUnixNano: maxUnixNano };
      }
    },

    async *fragments(traceIds): AsyncGenerator<readonly Fragment[], void> {
      for (const traceId of traceIds) {
        yield* batchesOf(traces.get(traceId) ?? []);
      }
    },

    services: async (signal) => {
      const services = new Set<string>();
      await eachTrace(signal, (fragments) => {
        for (const span of spansIn(fragments))
          if (span.resource.serviceName !== "") services.add(span.resource.serviceName);
      });
      return [...services];
    },

    operations: async (service, signal) => {
      const operations = new Map<string, Operation>();
      await eachTrace(signal, (fragments) => {
        for (const span of spansIn(fragments)) {
          if (span.resource.serviceName !== service) continue;
          const operation = { name: span.name, spanKind: spanKindWord(span.kind) };
          operations.set(`${operation.spanKind}:${operation.name}`, operation);
        }
      });
      return [...operations.values()];
    },

    dependencies: async ({ startTimeUnixNano, endTimeUnixNano }, signal) => {
      const counter = createCallCounter();
      await eachTrace(signal, (fragments) => {
        for (const call of callsOfTrace(fragments.map(({ encoded }) => encoded))) {
          if (call.startTimeUnixNano < startTimeUnixNano || call.startTimeUnixNano > endTimeUnixNano)
            continue;
          counter.add(call);
        }
      });
      return counter.dependencies();
    },

    deleteBefore: async (time) => {
      for (const [traceId, list] of traces) {
        const kept = list.flatMap((fragment) => {
          const encoded = spansSince(fragment.encoded, time);
          return encoded === undefined ? [] : { ...fragment, encoded };
        });
        if (kept.length === 0) traces.delete(traceId);
        else traces.set(traceId, kept);
      }
    },

    purge: async () => {
      traces = new Map();
    },

    stats: async () => {
      let bytes = 0;
      for (const { encoded } of [...traces.values()].flat()) bytes += encoded.length;
      return { bytes };
    },

    health: async () => {},

    close: async () => {
      traces = new Map();
    },
  };
}

function* spansIn(fragments: readonly Fragment[]) {
  for (const { encoded } of fragments) yield* spansOf(encoded);
}

function* batchesOf(fragments: readonly Fragment[]): Generator<readonly Fragment[], void> {
  for (let at = 0; at < fragments.length; ) {
    const end = batchEnd(fragments, at, fragmentsPerBatch, bytesPerBatch, ({ encoded }) => encoded.length);
    yield fragments.slice(at, end);
    at = end;
  }
}
