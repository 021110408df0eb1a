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
  /** The number of series counted in the overflow series. */
  readonly beyond: number;
}

/** OpenTelemetry's attribute for the series beyond a cardinality limit. */
export const overflow: Labels = { otel_metric_overflow: "true" };

/**
 * Chooses the labels under which each series is counted: its own for at most `most` series, the overflow's for the rest.
 * Series shown before stay, so that their counters go on; then those with the most calls are added.
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
