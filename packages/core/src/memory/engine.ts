import { spansSince } from "../fragments/spans-since.js";
import { splitByTrace } from "../fragments/split.js";
import { watchedFragments } from "../fragments/watched-fragments.js";
import { spanKindWord } from "../model/trace.js";
import { spansOf } from "../otlp/groups.js";
import { readHex } from "../otlp/wire.js";
import { maxUnixNano } from "../query/search-of-query.js";
import type { CandidateBatch, Engine, Fragment } from "../store/contract/engine.js";
import type { Operation } from "../store/contract/span-store.js";
import { callsOfTrace, createCallCounter } from "../store/reading/dependencies.js";

/** The fragments of a batch. */
const fragmentsPerBatch = 64;

/**
 * Spans in arrays and nothing else: no index, every read looks at everything. What it answers is by
 * definition right, and what other engines are tested against.
 */
export function createMemoryEngine(): Engine {
  let traces = new Map<string, Fragment[]>();
  let sequence = 0;

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
      const all = [...traces.values()].flat();
      for (let i = 0; i < all.length; i += fragmentsPerBatch) {
        yield { fragments: all.slice(i, i + fragmentsPerBatch), laterStartAtMostUnixNano: maxUnixNano };
      }
    },

    async *fragments(traceIds): AsyncGenerator<readonly Fragment[], void> {
      for (const traceId of traceIds) {
        const list = traces.get(traceId) ?? [];
        for (let i = 0; i < list.length; i += fragmentsPerBatch) {
          yield list.slice(i, i + fragmentsPerBatch);
        }
      }
    },

    services: async () => {
      const services = new Set<string>();
      for (const span of allSpans(traces))
        if (span.resource.serviceName !== "") services.add(span.resource.serviceName);
      return [...services];
    },

    operations: async (service) => {
      const operations = new Map<string, Operation>();
      for (const span of allSpans(traces)) {
        if (span.resource.serviceName !== service) continue;
        const operation = { name: span.name, spanKind: spanKindWord(span.kind) };
        operations.set(`${operation.spanKind}:${operation.name}`, operation);
      }
      return [...operations.values()];
    },

    dependencies: async ({ startTimeUnixNano, endTimeUnixNano }) => {
      const counter = createCallCounter();
      for (const list of traces.values()) {
        for (const call of callsOfTrace(list.map(({ encoded }) => encoded))) {
          if (call.startTimeUnixNano < startTimeUnixNano || call.startTimeUnixNano > endTimeUnixNano)
            continue;
          counter.add(call);
        }
      }
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

function* allSpans(traces: ReadonlyMap<string, readonly Fragment[]>) {
  for (const list of traces.values()) for (const { encoded } of list) yield* spansOf(encoded);
}
