import { spansOf } from "../otlp/groups.js";
import { spansSince } from "../otlp/spans-since.js";
import { splitByTrace } from "../otlp/split.js";
import { readHex } from "../otlp/wire.js";
import { spanKindWord } from "../model/trace.js";
import { callsOfTrace, createCallCounter } from "../store/dependencies.js";
import type { CandidateWindow, Engine, Fragment } from "../store/engine.js";
import type { Operation } from "../store/span-store.js";

/** Large traces are handed out in windows of this many fragments. */
const fragmentsPerWindow = 64;

/**
 * Spans in arrays and nothing else: no index, every read looks at everything. What it answers is by
 * definition right, and what other engines are tested against.
 */
export function createMemoryEngine(): Engine {
  let traces = new Map<string, Uint8Array[]>();

  return {
    name: "memory",

    write: async (encoded) => {
      const split = splitByTrace(encoded);
      for (const fragment of split.fragments) {
        const traceId = readHex(fragment.traceId, 0, 16);
        const known = traces.get(traceId);
        if (known === undefined) traces.set(traceId, [fragment.encoded]);
        else if (!known.some((bytes) => Buffer.compare(bytes, fragment.encoded) === 0)) known.push(fragment.encoded);
      }
      return { accepted: split.spanCount, rejected: split.rejected };
    },

    async *candidates(): AsyncGenerator<CandidateWindow, void> {
      const fragments: Fragment[] = [];
      for (const [traceId, list] of traces) for (const encoded of list) fragments.push({ traceId, encoded });
      yield { fragments, laterStartAtMostUnixNano: 0n };
    },

    async *fragments(traceIds): AsyncGenerator<readonly Fragment[], void> {
      for (const traceId of traceIds) {
        const list = traces.get(traceId) ?? [];
        for (let i = 0; i < list.length; i += fragmentsPerWindow) {
          yield list.slice(i, i + fragmentsPerWindow).map((encoded) => ({ traceId, encoded }));
        }
      }
    },

    services: async () => {
      const services = new Set<string>();
      for (const span of allSpans(traces)) if (span.resource.serviceName !== "") services.add(span.resource.serviceName);
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
        for (const call of callsOfTrace(list)) {
          if (call.startTimeUnixNano < startTimeUnixNano || call.startTimeUnixNano > endTimeUnixNano) continue;
          counter.add(call.parent, call.child);
        }
      }
      return counter.dependencies();
    },

    deleteBefore: async (time) => {
      for (const [traceId, list] of traces) {
        const kept = list.flatMap((encoded) => spansSince(encoded, time) ?? []);
        if (kept.length === 0) traces.delete(traceId);
        else traces.set(traceId, kept);
      }
    },

    purge: async () => {
      traces = new Map();
    },

    stats: async () => {
      let bytes = 0;
      for (const list of traces.values()) for (const encoded of list) bytes += encoded.length;
      return { bytes };
    },

    health: async () => {},

    close: async () => {
      traces = new Map();
    },
  };
}

function* allSpans(traces: ReadonlyMap<string, readonly Uint8Array[]>) {
  for (const list of traces.values()) for (const encoded of list) yield* spansOf(encoded);
}
