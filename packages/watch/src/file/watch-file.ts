import type { FilterCall } from "@spanstore/core";

/** A checked file of watches. */
export interface WatchFile {
  readonly receivers: readonly Receiver[];
  /** The link of an alert; `{traceId}` stands for the trace. Undefined: an alert has no link. */
  readonly link: string | undefined;
  readonly watches: readonly Watch[];
}

/** Where alerts are sent. */
export interface Receiver {
  readonly kind: "alertmanager" | "webhook";
  readonly url: string;
}

export type Watch = SpansWatch | MetricWatch;

interface WatchBase {
  /** It becomes the label `alertname`. */
  readonly name: string;
  /** The labels that separate alerts, spelled as in `groupBy` of `getMetrics`. */
  readonly by: readonly string[];
  /** Labels and annotations of every alert. */
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** The tenant whose spans are watched. Undefined: of all tenants, and for a metric of the default tenant. */
  readonly tenant: string | undefined;
}

/** Fires when a matching span arrives. */
export interface SpansWatch extends WatchBase {
  readonly kind: "spans";
  readonly filter: FilterCall;
  /** An alert ends after this time without a match. */
  readonly keepFiringMillis: number;
}

/** Fires while a metric of the spans of the last minutes is beyond a threshold. */
export interface MetricWatch extends WatchBase {
  readonly kind: "metric";
  readonly metric: Metric;
  readonly filter: FilterCall | undefined;
  readonly overMinutes: number;
  readonly comparison: "above" | "below";
  /** In the metric's unit: spans, spans a second, a ratio from 0 to 1, or nanoseconds. */
  readonly threshold: number;
  /** How long the metric must be beyond the threshold before the watch fires. */
  readonly forMillis: number;
}

export type Metric =
  | { readonly kind: "calls" | "errors" | "rate" | "error_ratio" }
  | { readonly kind: "latency"; readonly quantile: number };
