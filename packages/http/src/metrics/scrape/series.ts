import type { LatencyHistogram, MetricSeries } from "@spanstore/core";
import { mergeLatencies } from "@spanstore/core/engine";
import { type Labels, signatureOf } from "../promql/labels.js";

/** Signatures of the series that are shown. */
export type Admitted = Set<string>;

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
const overflow: Labels = { otel_metric_overflow: "true" };

/**
 * No more series than `most`; what is beyond is one series more. Series that were shown before go first, and then those with
 * the most calls: a counter that has begun goes on.
 */
export function boundedSeries(
  found: readonly { readonly labels: Labels; readonly points: MetricSeries["points"] }[],
  admitted: Admitted,
  most: number,
): BoundedSeries {
  const all = found.map(({ labels, points }) => ({
    key: signatureOf(labels),
    labels,
    calls: points.reduce((sum, { calls }) => sum + calls, 0),
    latency: mergeLatencies(points.map(({ latency }) => latency)),
  }));
  const newcomers = all.filter(({ key }) => !admitted.has(key)).sort((a, b) => b.calls - a.calls);
  for (const { key } of newcomers.slice(0, Math.max(0, most - admitted.size))) admitted.add(key);
  const shown = all.filter(({ key }) => admitted.has(key)).sort((a, b) => (a.key < b.key ? -1 : 1));
  const beyond = all.filter(({ key }) => !admitted.has(key));
  if (beyond.length === 0) return { series: shown, beyond: 0 };
  const together = {
    labels: overflow,
    calls: beyond.reduce((sum, { calls }) => sum + calls, 0),
    latency: mergeLatencies(beyond.map(({ latency }) => latency)),
  };
  return { series: [...shown, together], beyond: beyond.length };
}
