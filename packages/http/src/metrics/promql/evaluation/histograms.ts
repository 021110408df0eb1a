import { type LatencyHistogram, latencyQuantile, type MetricPoint } from "@spanstore/core";
import { latencyIndex } from "@spanstore/core/engine";
import { latenciesOf, milliNanos } from "../../latencies.js";
import { grouped, type Labels, signatureOf, withoutLabel } from "../labels.js";
import { boundText, bucketBounds } from "../metrics.js";
import type { Grouping } from "../syntax/ast.js";
import { checkSize, type Evaluation } from "./context.js";
import type { Buckets, Series, Vector } from "./values.js";

/** The index of the last latency bucket within each bound. */
const lastIndexes = bucketBounds.map((bound) =>
  bound === Number.POSITIVE_INFINITY ? bound : (latencyIndex(bound * milliNanos) ?? -1),
);

/** Expands buckets to a series for each bound, with the label `le`; returns a vector unchanged. */
export async function countedOut(value: Vector | Buckets, evaluation: Evaluation): Promise<Vector> {
  if (value.type === "vector") return value;
  const { windows, ends, scale } = value;
  checkSize(value.series.length * bucketBounds.length, evaluation);
  const series: Series[] = [];
  for (const { labels, points } of value.series) {
    const counts = latenciesOf(windows, points, countsUpTo);
    for (const [i, bound] of bucketBounds.entries()) {
      series.push({
        labels: { ...labels, le: boundText(bound) },
        points: ends.map((end) => scale(counts.get(end)?.[i] ?? 0)),
      });
    }
    await evaluation.turns();
  }
  return { type: "vector", series };
}

/** Counts the durations within each bound. */
export function countsUpTo({ zeroCount, buckets }: LatencyHistogram): number[] {
  const counts: number[] = [];
  let count = zeroCount;
  let next = 0;
  for (const last of lastIndexes) {
    for (; next < buckets.length && (buckets[next]?.index ?? 0) <= last; next++)
      count += buckets[next]?.count ?? 0;
    counts.push(count);
  }
  return counts;
}

/** Whether a grouping keeps the label `le`. */
export function leavesBuckets({ keep, labels }: Grouping): boolean {
  return keep === labels.includes("le");
}

/** Sums the buckets of series that have the same labels after grouping. */
export function mergeBuckets(buckets: Buckets, grouping: Grouping): Buckets {
  const groups = new Map<string, { labels: Labels; points: MetricPoint[]; isMerged: boolean }>();
  for (const { labels, points } of buckets.series) {
    const kept = grouped(labels, grouping);
    const key = signatureOf(kept);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { labels: kept, points: [...points], isMerged: false });
    else {
      for (const point of points) group.points.push(point);
      group.isMerged = true;
    }
  }
  const series = [...groups.values()].map(({ labels, points, isMerged }) => ({
    labels,
    points: isMerged ? points.sort(byStart) : points,
  }));
  return { ...buckets, series };
}

function byStart(a: MetricPoint, b: MetricPoint): number {
  return a.startTimeUnixNano < b.startTimeUnixNano ? -1 : a.startTimeUnixNano > b.startTimeUnixNano ? 1 : 0;
}

/** A quantile in milliseconds for each series; NaN where there are no durations. */
export async function quantilesOf(
  { windows, ends, series }: Buckets,
  quantile: number,
  evaluation: Evaluation,
): Promise<Vector> {
  checkSize(series.length, evaluation);
  const read = quantileReader(quantile);
  const found: Series[] = [];
  for (const { labels, points } of series) {
    const values = latenciesOf(windows, points, read);
    found.push({
      labels: withoutLabel(labels, "__name__"),
      points: ends.map((end) => values.get(end) ?? Number.NaN),
    });
    await evaluation.turns();
  }
  return { type: "vector", series: found };
}

/** A quantile below 0 or above 1 is infinite, as in Prometheus. */
function quantileReader(quantile: number): (histogram: LatencyHistogram) => number {
  return (histogram) => {
    const nanos = latencyQuantile(histogram, quantile);
    if (nanos === undefined || Number.isNaN(quantile)) return Number.NaN;
    if (quantile < 0) return Number.NEGATIVE_INFINITY;
    return quantile > 1 ? Number.POSITIVE_INFINITY : nanos / milliNanos;
  };
}
