import { latencyQuantile, type MetricPoint, type MetricSeries } from "@spanstore/core";
import { mergeLatencies } from "@spanstore/core/engine";
import type { MetricWatch } from "../file/watch-file.js";

/** The metric's value for the points of a window; undefined when there is none. */
export function metricValue(
  { metric, overMinutes }: MetricWatch,
  points: readonly MetricPoint[],
): number | undefined {
  const calls = points.reduce((sum, point) => sum + point.calls, 0);
  const errors = points.reduce((sum, point) => sum + point.errors, 0);
  switch (metric.kind) {
    case "calls":
      return calls;
    case "errors":
      return errors;
    case "rate":
      return calls / (overMinutes * 60);
    case "error_ratio":
      return calls === 0 ? undefined : errors / calls;
    case "latency":
      return latencyQuantile(mergeLatencies(points.map(({ latency }) => latency)), metric.quantile);
  }
}

export function isBeyond({ comparison, threshold }: MetricWatch, value: number | undefined): boolean {
  if (value === undefined) return false;
  return comparison === "above" ? value > threshold : value < threshold;
}

/** Adds an empty series for a watch over all spans that has none, so that silence can be below a threshold. */
export function withEmpty(watch: MetricWatch, series: readonly MetricSeries[]): readonly MetricSeries[] {
  return series.length === 0 && watch.by.length === 0 ? [{ labels: {}, points: [] }] : series;
}
