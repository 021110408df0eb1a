import { type Span, SpanKind, StatusCode } from "@spanstore/core";
import type { Labels } from "./labels.js";

/** A metric that PromQL reads, and the part of a point that it counts. */
export interface Metric {
  readonly name: string;
  readonly counts: "calls" | "durations" | "buckets";
}

const durations = "traces_span_metrics_duration_milliseconds";

/** The metrics, named as by the Collector's spanmetrics connector. */
export const metrics: readonly Metric[] = [
  { name: "traces_span_metrics_calls_total", counts: "calls" },
  { name: `${durations}_bucket`, counts: "buckets" },
  { name: `${durations}_count`, counts: "calls" },
  { name: `${durations}_sum`, counts: "durations" },
];

/** The answer of `/api/v1/metadata`. */
export const metadata = {
  traces_span_metrics_calls_total: {
    type: "counter",
    help: "Spans that started, by the minute of their start.",
    unit: "",
  },
  [durations]: { type: "histogram", help: "Durations of the spans that started.", unit: "milliseconds" },
} as const;

/** A label: its field in `getMetrics`, and the spelling of its values. */
interface FieldLabel {
  readonly field: string;
  readonly spell: (value: string) => string;
  /** The value of `getMetrics` with this spelling; undefined for none or several. */
  readonly read: (text: string) => string | undefined;
}

const asIs = { spell: (value: string) => value, read: (text: string) => text || undefined };

export const fieldLabels: Readonly<Record<string, FieldLabel>> = {
  service_name: { field: "service", ...asIs },
  span_kind: {
    field: "kind",
    spell: (kind) => `SPAN_KIND_${kind === "" ? "UNSPECIFIED" : kind.toUpperCase()}`,
    read: (text) => /^SPAN_KIND_(INTERNAL|SERVER|CLIENT|PRODUCER|CONSUMER)$/.exec(text)?.[1]?.toLowerCase(),
  },
  span_name: { field: "operation", ...asIs },
  status_code: {
    field: "status",
    spell: (status) => `STATUS_CODE_${status.toUpperCase()}`,
    read: (text) => /^STATUS_CODE_(UNSET|OK|ERROR)$/.exec(text)?.[1]?.toLowerCase(),
  },
};

/** The labels of a span's series. */
export function labelsOfSpan(service: string, span: Pick<Span, "name" | "kind" | "status">): Labels {
  const { name = "", kind = SpanKind.unspecified, status } = span;
  const values: Readonly<Record<string, string>> = {
    service,
    operation: name,
    kind: wordOf(SpanKind, kind),
    status: wordOf(StatusCode, status?.code ?? StatusCode.unset),
  };
  return labelsOfFields(Object.keys(fieldLabels), values);
}

function wordOf(words: Readonly<Record<string, number>>, code: number): string {
  return Object.keys(words).find((word) => words[word] === code) ?? "unspecified";
}

/** The labels for values of `getMetrics`. */
export function labelsOfFields(names: readonly string[], values: Readonly<Record<string, string>>): Labels {
  const labels = names.map((name): [string, string] => {
    const { field, spell } = fieldLabels[name] as FieldLabel;
    return [name, spell(values[field] ?? "")];
  });
  return Object.fromEntries(labels.filter(([, value]) => value !== ""));
}

/** The upper bounds of shown buckets in milliseconds: those of the spanmetrics connector. */
export const bucketBounds: readonly number[] = [
  2,
  4,
  6,
  8,
  10,
  50,
  100,
  200,
  400,
  800,
  1000,
  1400,
  2000,
  5000,
  10_000,
  15_000,
  Number.POSITIVE_INFINITY,
];

export function boundText(bound: number): string {
  return bound === Number.POSITIVE_INFINITY ? "+Inf" : String(bound);
}
