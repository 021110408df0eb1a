import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createRollupTally } from "../../src/engine-kit/ledgers/rollup-tally.js";
import { createSeenIds } from "../../src/engine-kit/ledgers/seen-ids.js";
import { splitByTrace } from "../../src/fragments/split.js";
import { latencyIndex } from "../../src/model/latency.js";
import { readHex } from "../../src/otlp/wire.js";
import type { Fragment } from "../../src/store/contract/engine.js";
import { rollupKey, rollupNanos } from "../../src/store/contract/metrics.js";
import { visitDistinctSpans } from "../../src/store/reading/distinct-spans.js";
import { encodeRequest } from "../../src/testing/encode-request.js";
import { tracesData } from "../../src/testing/index.js";

/** The fragments of each trace, some of them twice. */
const stored = fc.tuple(fc.array(tracesData, { maxLength: 4 }), fc.boolean()).map(([requests, twice]) => {
  const traces = new Map<string, Fragment[]>();
  for (const [i, request] of [...requests, ...(twice ? requests : [])].entries()) {
    for (const { traceId, encoded } of splitByTrace(encodeRequest(request)).fragments) {
      const id = readHex(traceId, 0, 16);
      traces.set(id, [...(traces.get(id) ?? []), { traceId: id, encoded, sequence: i }]);
    }
  }
  return [...traces.values()];
});

/** The number of spans by minute, labels and latency, read from their views. */
function expectedOf(traces: readonly (readonly Fragment[])[], from: bigint, to: bigint): Map<string, number> {
  const counts = new Map<string, number>();
  for (const trace of traces) {
    visitDistinctSpans(trace, (span) => {
      const start = span.startTimeUnixNano;
      if (start < from || start >= to) return;
      const labels = [span.resource.serviceName, span.name, span.kind, span.statusCode];
      const latency = rollupKey(0, latencyIndex(Number(span.durationNano)));
      const key = JSON.stringify([Number(start / rollupNanos), ...labels, latency]);
      counts.set(key, (counts.get(key) ?? 0) + 1);
    });
  }
  return counts;
}

describe("the tally of rollups", () => {
  it("counts like the views of the spans, copies once", () => {
    const minute = fc.bigInt({ min: 0n, max: 2n ** 64n / rollupNanos });
    fc.assert(
      fc.property(stored, minute, minute, (traces, one, other) => {
        const from = (one < other ? one : other) * rollupNanos;
        const to = one === other ? 2n ** 64n : (one < other ? other : one) * rollupNanos;
        for (const [begin, end] of [
          [from, to],
          [0n, 2n ** 64n],
        ] as const) {
          const tally = createRollupTally();
          for (const trace of traces) {
            const { add, oldestStartUnixNano } = tally.scan(trace, begin, end);
            add();
            let oldest: bigint | undefined;
            visitDistinctSpans(trace, ({ startTimeUnixNano: start }) => {
              if (oldest === undefined || start < oldest) oldest = start;
            });
            expect(oldestStartUnixNano).toBe(oldest);
          }
          const { series = [], minutes = [] } = tally.rollups(0n, 2n ** 64n + rollupNanos) ?? {};
          const counts = new Map<string, number>();
          for (const { startTimeUnixNano, keys, counts: spans } of minutes) {
            for (const [i, key] of keys.entries()) {
              const { service, operation, kind, statusCode } = series[
                Math.floor(key / 4096)
              ] as (typeof series)[number];
              const labels = [Number(startTimeUnixNano / rollupNanos), service, operation, kind, statusCode];
              const name = JSON.stringify([...labels, key % 4096]);
              counts.set(name, (counts.get(name) ?? 0) + (spans[i] as number));
            }
          }
          expect(counts).toEqual(expectedOf(traces, begin, end));
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe("ids that were seen", () => {
  it("belong to one trace, however many there are", () => {
    const seen = createSeenIds();
    for (let trace = 0; trace < 50; trace++) {
      seen.begin();
      for (let i = 0; i < 40 * trace; i++) expect(seen.add(Math.imul(i, 0x9e3779b1) >>> 0)).toBe(false);
      if (trace > 0) expect(seen.add(0)).toBe(true);
    }
  });
});
