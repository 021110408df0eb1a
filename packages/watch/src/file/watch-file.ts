import type { FilterCall } from "@spanstore/core";

/** A file of watches, read and checked. */
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
  /** What the alerts are told apart by, as `groupBy` of `getMetrics` has it. */
  readonly by: readonly string[];
  /** Labels and annotations that every alert has. */
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** The tenant whose spans are watched. Undefined: of all tenants, and for a metric of the default tenant. */
  readonly tenant: string | undefined;
}

/** Fires as spans arrive that match. */
export interface SpansWatch extends WatchBase {
  readonly kind: "spans";
  readonly filter: FilterCall;
  /** An alert ends when no span has matched for so long. */
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
  /** It fires when the metric has been beyond the threshold for so long. */
  readonly forMillis: number;
}

export type Metric =
  | { readonly kind: "calls" | "errors" | "rate" | "error_ratio" }
  | { readonly kind: "latency"; readonly quantile: number };
