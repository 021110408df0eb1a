import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isSpanStoreError } from "../../src/errors/errors.js";
import { openMemoryStore } from "../../src/memory/index.js";
import { type LatencyHistogram, latencyIndex, mergeLatencies } from "../../src/model/latency.js";
import { compareCodePoints } from "../../src/model/text-order.js";
import { spansOf } from "../../src/otlp/groups.js";
import type { SpanView } from "../../src/otlp/span-view.js";
import { compilePredicate } from "../../src/query/filter/match/matcher.js";
import { searchOfQuery } from "../../src/query/search-of-query.js";
import type { TraceQuery } from "../../src/query/trace-query.js";
import type { Dependency, TraceSummary } from "../../src/store/contract/calls.js";
import { request } from "../../src/testing/arbitrary-data.js";
import { dependencyWindow, traceQuery } from "../../src/testing/arbitrary-query.js";
import { contentsOf, readSummaries } from "../../src/testing/contents.js";
import { encodeRequest } from "../../src/testing/encode-request.js";

/**
 * All engines are compared with the memory engine. This test compares it with the simplest implementation: a list of all spans,
 * filtered, grouped and sorted.
 */

/** Every distinct span once. */
function distinctSpans(requests: readonly Uint8Array[]): SpanView[] {
  const spans = new Map<string, SpanView>();
  for (const encoded of requests) {
    const contents = contentsOf(encoded);
    for (const [i, span] of [...spansOf(encoded)].entries()) spans.set(contents[i]?.bytes ?? "", span);
  }
  return [...spans.values()];
}

function tracesIn(spans: readonly SpanView[]): Map<string, SpanView[]> {
  const traces = new Map<string, SpanView[]>();
  for (const span of spans) traces.set(span.traceId, [...(traces.get(span.traceId) ?? []), span]);
  return traces;
}

const newestFirst = (a: bigint, b: bigint): number => (a === b ? 0 : a > b ? -1 : 1);

function foundIn(spans: readonly SpanView[], query: TraceQuery): string[] {
  const search = searchOfQuery(query);
  const matches = compilePredicate(search.predicate);
  const matching = spans.filter(
    (span) =>
      span.startTimeUnixNano >= search.startTimeMinUnixNano &&
      span.startTimeUnixNano <= search.startTimeMaxUnixNano &&
      matches(span),
  );
  return matching
    .sort((a, b) => newestFirst(a.startTimeUnixNano, b.startTimeUnixNano) || (a.traceId < b.traceId ? -1 : 1))
    .map(({ traceId }) => traceId)
    .filter((id, i, all) => all.indexOf(id) === i)
    .slice(0, search.limit);
}

function summaryOf(traceId: string, spans: readonly SpanView[]): TraceSummary {
  const starts = spans.map((span) => span.startTimeUnixNano).sort(newestFirst);
  const ends = spans.map((span) => span.endTimeUnixNano).sort(newestFirst);
  const [root] = spans
    .filter((span) => span.parentSpanId === "")
    .sort(
      (a, b) =>
        -newestFirst(a.startTimeUnixNano, b.startTimeUnixNano) ||
        compareCodePoints(a.resource.serviceName, b.resource.serviceName) ||
        compareCodePoints(a.name, b.name),
    );
  const names = [...new Set(spans.map((span) => span.resource.serviceName))].sort(compareCodePoints);
  return {
    traceId,
    rootServiceName: root?.resource.serviceName ?? "",
    rootOperationName: root?.name ?? "",
    minStartTimeUnixNano: starts[starts.length - 1] ?? 0n,
    maxEndTimeUnixNano: ends[0] ?? 0n,
    spanCount: spans.length,
    errorSpanCount: spans.filter(isError).length,
    orphanSpanCount: spans.filter(
      ({ parentSpanId }) => parentSpanId !== "" && !spans.some(({ spanId }) => spanId === parentSpanId),
    ).length,
    services: names.map((name) => {
      const own = spans.filter((span) => span.resource.serviceName === name);
      return { name, spanCount: own.length, errorSpanCount: own.filter(isError).length };
    }),
  };
}

function isError(span: SpanView): boolean {
  return span.statusCode === 2;
}

interface CallIn {
  readonly pair: string;
  readonly called: SpanView;
}

function callsIn(trace: readonly SpanView[], from: bigint, to: bigint): CallIn[] {
  return trace.flatMap((child) => {
    const service = child.resource.serviceName;
    if (service === "" || child.parentSpanId === "") return [];
    if (child.startTimeUnixNano < from || child.startTimeUnixNano > to) return [];
    const parents = trace
      .filter(
        (span) => span !== child && span.spanId === child.parentSpanId && span.resource.serviceName !== "",
      )
      .sort(
        (a, b) =>
          -newestFirst(a.startTimeUnixNano, b.startTimeUnixNano) ||
          compareCodePoints(a.resource.serviceName, b.resource.serviceName),
      );
    if (parents.length === 0 || parents.some((span) => span.resource.serviceName === service)) return [];
    return [{ pair: `${parents[0]?.resource.serviceName}\n${service}`, called: child }];
  });
}

/** A histogram of one duration. */
function latencyOf(nanos: number): LatencyHistogram {
  const index = latencyIndex(nanos);
  return index === undefined
    ? { zeroCount: 1, buckets: [] }
    : { zeroCount: 0, buckets: [{ index, count: 1 }] };
}

function dependenciesIn(spans: readonly SpanView[], from: bigint, to: bigint): Dependency[] {
  const calls = [...tracesIn(spans).values()].flatMap((trace) => callsIn(trace, from, to));
  return [...new Set(calls.map(({ pair }) => pair))]
    .map((pair): Dependency => {
      const [parent = "", child = ""] = pair.split("\n");
      const called = calls.filter((call) => call.pair === pair).map((call) => call.called);
      return {
        parent,
        child,
        callCount: BigInt(called.length),
        errorCount: BigInt(called.filter(isError).length),
        latency: mergeLatencies(called.map(({ durationNano }) => latencyOf(Number(durationNano)))),
      };
    })
    .sort((a, b) => compareCodePoints(a.parent, b.parent) || compareCodePoints(a.child, b.child));
}

describe("the memory engine", () => {
  it("answers like a list of spans", async () => {
    const found = { nothing: 0, something: 0, calls: 0 };
    const property = fc.asyncProperty(
      fc.array(request, { minLength: 1, maxLength: 4 }),
      fc.array(fc.tuple(traceQuery, fc.constantFrom(1, 2, 3, 100)), { minLength: 1, maxLength: 4 }),
      fc.array(dependencyWindow, { maxLength: 2 }),
      async (data, queries, windows) => {
        const requests = data.map(encodeRequest);
        const store = openMemoryStore();
        for (const each of requests) await store.write(each);
        const spans = distinctSpans(requests);
        const traces = tracesIn(spans);
        for (const [query, limit] of queries) {
          const limited = { ...query, limit };
          let expected: string[];
          try {
            expected = foundIn(spans, limited);
          } catch (error) {
            if (isSpanStoreError(error)) continue;
            throw error;
          }
          expect((await store.findTraceIds(limited)).traces.map(({ traceId }) => traceId)).toEqual(expected);
          const { summaries } = await readSummaries(store.findTraceSummaries(limited));
          expect(summaries).toEqual(expected.map((id) => summaryOf(id, traces.get(id) ?? [])));
          found[expected.length === 0 ? "nothing" : "something"]++;
        }
        for (const window of [...windows, { startTimeUnixNano: 0n, endTimeUnixNano: (1n << 64n) - 1n }]) {
          const expected = dependenciesIn(spans, window.startTimeUnixNano, window.endTimeUnixNano);
          expect(await store.getDependencies(window)).toEqual(expected);
          found.calls += expected.length;
        }
      },
    );
    await fc.assert(property, { numRuns: 500 });
    expect(Math.min(found.nothing, found.something, found.calls)).toBeGreaterThan(100);
  });
});
