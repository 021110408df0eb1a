import type { MetricPoint, MetricSeries } from "@spanstore/core";
import { createTurns } from "@spanstore/core/engine";

/**
 * The answer of `getMetrics` as a few typed arrays, for the way between threads: an hour of a few hundred series has nearly a
 * million buckets, and structured cloning copies objects one by one.
 */
export interface PackedMetrics {
  readonly series: readonly { readonly labels: MetricSeries["labels"]; readonly points: number }[];
  /** This and the next four have one entry a point. */
  readonly starts: BigUint64Array;
  readonly calls: Float64Array;
  readonly errors: Float64Array;
  readonly zeroCounts: Float64Array;
  readonly buckets: Uint32Array;
  /** This and the next have one entry a bucket. */
  readonly indexes: Int32Array;
  readonly counts: Float64Array;
}

export function packMetrics(all: readonly MetricSeries[]): PackedMetrics {
  const points = all.flatMap((series) => series.points);
  const total = points.reduce((sum, { latency }) => sum + latency.buckets.length, 0);
  const packed = {
    series: all.map(({ labels, points }) => ({ labels, points: points.length })),
    starts: new BigUint64Array(points.length),
    calls: new Float64Array(points.length),
    errors: new Float64Array(points.length),
    zeroCounts: new Float64Array(points.length),
    buckets: new Uint32Array(points.length),
    indexes: new Int32Array(total),
    counts: new Float64Array(total),
  };
  let at = 0;
  for (const [i, { startTimeUnixNano, calls, errors, latency }] of points.entries()) {
    packed.starts[i] = startTimeUnixNano;
    packed.calls[i] = calls;
    packed.errors[i] = errors;
    packed.zeroCounts[i] = latency.zeroCount;
    packed.buckets[i] = latency.buckets.length;
    for (const { index, count } of latency.buckets) {
      packed.indexes[at] = index;
      packed.counts[at] = count;
      at++;
    }
  }
  return packed;
}

export async function unpackMetrics(packed: PackedMetrics): Promise<MetricSeries[]> {
  const turns = createTurns();
  const { starts, calls, errors, zeroCounts, buckets, indexes, counts } = packed;
  const all: MetricSeries[] = [];
  let [point, bucket] = [0, 0];
  for (const { labels, points: length } of packed.series) {
    const points: MetricPoint[] = [];
    for (const end = point + length; point < end; point++) {
      const last = bucket + (buckets[point] as number);
      const own: { index: number; count: number }[] = [];
      for (; bucket < last; bucket++) {
        own.push({ index: indexes[bucket] as number, count: counts[bucket] as number });
      }
      points.push({
        startTimeUnixNano: starts[point] as bigint,
        calls: calls[point] as number,
        errors: errors[point] as number,
        latency: { zeroCount: zeroCounts[point] as number, buckets: own },
      });
    }
    all.push({ labels, points });
    const turn = turns();
    if (turn !== undefined) await turn;
  }
  return all;
}
