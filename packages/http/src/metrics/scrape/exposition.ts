import { createTurns, latencySum } from "@spanstore/core/engine";
import { milliNanos } from "../latencies.js";
import { countsUpTo } from "../promql/evaluation/histograms.js";
import type { Labels } from "../promql/labels.js";
import { boundText, bucketBounds, metadata } from "../promql/metrics.js";
import type { Exemplar } from "./exemplars.js";
import type { BoundedSeries } from "./series.js";

/** One of the two text formats that Prometheus reads. */
interface Format {
  readonly contentType: string;
  /** The name of a counter in the lines that describe its family. */
  readonly counterFamily: (name: string) => string;
  readonly bound: (bound: number) => string;
  readonly hasUnits: boolean;
  readonly end: string;
}

export const plainText: Format = {
  contentType: "text/plain; version=0.0.4; charset=utf-8",
  counterFamily: (name) => name,
  bound: boundText,
  hasUnits: false,
  end: "",
};

export const openMetrics: Format = {
  contentType: "application/openmetrics-text; version=1.0.0; charset=utf-8",
  counterFamily: (name) => name.replace(/_total$/, ""),
  // OpenMetrics writes bounds as floats: `2.0`, not `2`.
  bound: (bound) => (Number.isInteger(bound) ? `${bound}.0` : boundText(bound)),
  hasUnits: true,
  end: "# EOF\n",
};

const calls = "traces_span_metrics_calls_total";
const durations = "traces_span_metrics_duration_milliseconds";
const overflow = "traces_span_metrics_overflow_series";

export async function* exposition(
  { series, beyond }: BoundedSeries,
  format: Format,
  exemplarOf: (labels: Labels, bound: number) => Exemplar | undefined,
): AsyncGenerator<string, void, undefined> {
  const turns = createTurns();
  yield head(format.counterFamily(calls), metadata[calls], format);
  for (const each of series) yield `${calls}${text(each.labels)} ${each.calls}\n`;
  yield head(durations, metadata[durations], format);
  for (const { labels, calls: count, latency } of series) {
    const counts = countsUpTo(latency);
    let lines = "";
    for (const [i, bound] of bucketBounds.entries()) {
      const exemplar = exemplarOf(labels, bound);
      const shown = exemplar === undefined ? "" : exemplarText(exemplar);
      lines += `${durations}_bucket${text({ ...labels, le: format.bound(bound) })} ${counts[i]}${shown}\n`;
    }
    lines += `${durations}_sum${text(labels)} ${latencySum(latency) / milliNanos}\n`;
    yield `${lines}${durations}_count${text(labels)} ${count}\n`;
    const turn = turns();
    if (turn !== undefined) await turn;
  }
  yield head(
    overflow,
    { type: "gauge", help: "Series beyond the limit, counted together.", unit: "" },
    format,
  );
  yield `${overflow} ${beyond}\n${format.end}`;
}

interface About {
  readonly type: string;
  readonly help: string;
  readonly unit: string;
}

function head(name: string, { type, help, unit }: About, { hasUnits }: Format): string {
  const unitLine = hasUnits && unit !== "" ? `# UNIT ${name} ${unit}\n` : "";
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${unitLine}`;
}

function text(labels: Labels): string {
  return `{${Object.entries(labels)
    .map(([name, value]) => `${name}="${escaped(value)}"`)
    .join(",")}}`;
}

function escaped(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll('"', '\\"');
}

function exemplarText({ traceId, duration, time }: Exemplar): string {
  return ` # {trace_id="${traceId}"} ${duration} ${time / 1000}`;
}
