import assert from "node:assert/strict";
import { latencyCount, latencyQuantile } from "../../../model/latency.js";
import { compareCodePoints } from "../../../model/text-order.js";
import { StatusCode, spanKindWord } from "../../../model/trace.js";
import type { MetricsQuery } from "../../../query/metrics-query.js";
import type { SpanStore } from "../../../store/contract/span-store.js";
import { type TestSpan, timeAt } from "../../spans.js";

/** The error bound of `latencyQuantile`. */
const error = 0.0055;

/** One expected series: labels and points. */
interface Counted {
  readonly labels: Readonly<Record<string, string>>;
  readonly points: readonly { at: bigint; calls: number; errors: number; durations: readonly bigint[] }[];
}

const labelReaders: Readonly<Record<string, (each: TestSpan) => string>> = {
  service: (each) => each.service ?? "",
  operation: (each) => each.name ?? "op",
  kind: (each) => spanKindWord(each.kind ?? 0),
  status: (each) => ["unset", "ok", "error"][each.status?.code ?? 0] as string,
  "span.shard": (each) => shardOf(each) ?? "",
  ".shard": (each) => shardOf(each) ?? "",
  "resource.service.name": (each) => each.service ?? "",
};

export function shardOf({ attributes = {} }: TestSpan): string | undefined {
  const { shard } = attributes;
  return shard === undefined ? undefined : String(shard);
}

/** The expected answer to a metrics query, counted span by span. */
export function countOf(spans: readonly TestSpan[], query: MetricsQuery): Counted[] {
  const { startTimeUnixNano: from, endTimeUnixNano: to, groupBy = [] } = query;
  const step = query.stepNano ?? to - from;
  const all = new Map<string, Map<bigint, TestSpan[]>>();
  for (const each of spans) {
    const at = timeAt(each.at ?? 0);
    if (at < from || at >= to) continue;
    const key = JSON.stringify(groupBy.map((label) => labelReaders[label]?.(each)));
    const points = all.get(key) ?? new Map<bigint, TestSpan[]>();
    const start = from + ((at - from) / step) * step;
    all.set(key, points.set(start, [...(points.get(start) ?? []), each]));
  }
  return [...all].map(([key, points]) => ({
    labels: Object.fromEntries((JSON.parse(key) as string[]).map((value, i) => [groupBy[i], value])),
    points: [...points]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([at, found]) => ({
        at,
        calls: found.length,
        errors: found.filter(({ status }) => status?.code === StatusCode.error).length,
        durations: found.map(({ duration = 1_000_000n }) => duration),
      })),
  }));
}

/** Asserts that a store's metrics equal the counts of these spans. */
export async function assertCounts(
  store: SpanStore,
  spans: readonly TestSpan[],
  query: MetricsQuery,
  what = "",
) {
  const answer = await store.getMetrics(query);
  const sorted = (labels: Readonly<Record<string, string>>) => Object.values(labels);
  assert.deepEqual(
    answer.map(({ labels }) => sorted(labels)),
    answer.map(({ labels }) => sorted(labels)).sort(compareLists),
    `${what}: the series are sorted by their labels' values`,
  );
  const byLabels = (a: Counted, b: Counted) => compareLists(sorted(a.labels), sorted(b.labels));
  const expected = countOf(spans, query).sort(byLabels);
  assert.deepEqual(
    answer.map(({ labels, points }) => ({
      labels,
      points: points.map(({ startTimeUnixNano, calls, errors, latency }) => ({
        at: startTimeUnixNano,
        calls,
        errors,
        counted: latencyCount(latency),
      })),
    })),
    expected.map(({ labels, points }) => ({
      labels,
      points: points.map(({ at, calls, errors }) => ({ at, calls, errors, counted: calls })),
    })),
    what,
  );
  for (const [i, { points }] of expected.entries()) {
    for (const [j, { durations }] of points.entries()) {
      const ranked = durations.map((each) => (each > 0n ? Number(each) : 0)).sort((a, b) => a - b);
      for (const quantile of [0, 0.5, 0.95, 1]) {
        const exact = ranked[Math.round(quantile * (ranked.length - 1))] as number;
        const latency = answer[i]?.points[j]?.latency;
        const got = (latency && latencyQuantile(latency, quantile)) ?? Number.NaN;
        assert.ok(
          Math.abs(got - exact) <= exact * error,
          `${what}: quantile ${quantile} of ${ranked}: ${got}, not ${exact}`,
        );
      }
    }
  }
}

export function compareLists(a: readonly string[], b: readonly string[]): number {
  return a.map((value, i) => compareCodePoints(value, b[i] as string)).find((order) => order !== 0) ?? 0;
}
