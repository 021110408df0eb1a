import type { LatencyHistogram, MetricPoint } from "@spanstore/core";
import { throughWindows, type Windows } from "./minutes.js";

export const milliNanos = 1e6;

interface Counted {
  readonly index: number;
  count: number;
}

/**
 * Calls `read` with the latencies of each window.
 * @param read gets the same histogram object for every window, with other counts; some of its buckets may be empty
 * @returns the results of `read`, by the end of the window.
 */
export function latenciesOf<T>(
  windows: Windows,
  points: readonly MetricPoint[],
  read: (histogram: LatencyHistogram) => T,
): Map<number, T> {
  const byIndex = new Map<number, Counted>();
  for (const { latency } of points) {
    for (const { index } of latency.buckets) if (!byIndex.has(index)) byIndex.set(index, { index, count: 0 });
  }
  const buckets = [...byIndex.values()].sort((a, b) => a.index - b.index);
  const histogram = { zeroCount: 0, buckets };
  return throughWindows(
    windows,
    points,
    ({ latency }, direction) => {
      histogram.zeroCount += direction * latency.zeroCount;
      for (const { index, count } of latency.buckets) {
        (byIndex.get(index) as Counted).count += direction * count;
      }
    },
    () => read(histogram),
  );
}
