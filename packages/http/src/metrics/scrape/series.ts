import type { LatencyHistogram, MetricSeries } from "@spanstore/core";
import { type Labels, signatureOf } from "../promql/labels.js";

/** Signatures of the series that are shown. */
export type Admitted = Set<string>;

export interface FoundSeries {
  readonly labels: Labels;
  readonly points: MetricSeries["points"];
}

export interface CountedSeries {
  readonly labels: Labels;
  readonly calls: number;
  readonly latency: LatencyHistogram;
}

export interface BoundedSeries {
  readonly series: readonly CountedSeries[];
  /** How many series are counted in the one of the overflow. */
  readonly beyond: number;
}

/** OpenTelemetry's attribute for what is beyond a limit of cardinality. */
export const overflow: Labels = { otel_metric_overflow: "true" };

/**
 * Says under which labels a series is counted: its own, for no more series than `most`. Series that were shown before go
 * first, and then those with the most calls: a counter that has begun goes on.
 */
export function admit(
  found: readonly FoundSeries[],
  admitted: Admitted,
  most: number,
): { readonly labelsOf: (labels: Labels) => Labels; readonly beyond: number } {
  const all = found.map(({ labels, points }) => ({
    key: signatureOf(labels),
    calls: points.reduce((sum, { calls }) => sum + calls, 0),
  }));
  const newcomers = all.filter(({ key }) => !admitted.has(key)).sort((a, b) => b.calls - a.calls);
  for (const { key } of newcomers.slice(0, Math.max(0, most - admitted.size))) admitted.add(key);
  return {
    labelsOf: (labels) => (admitted.has(signatureOf(labels)) ? labels : overflow),
    beyond: all.filter(({ key }) => !admitted.has(key)).length,
  };
}
