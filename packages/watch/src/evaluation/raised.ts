import type { SpanView } from "@spanstore/core/engine";
import { formatDuration } from "@spanstore/core/text";
import type { Raised } from "../alerts/alert-book.js";
import { filledIn, labelNameOf } from "../file/labels.js";
import type { Metric, Watch } from "../file/watch-file.js";

/** The values of `by`, in its order. */
export type ByValues = readonly string[];

export function labelsOf(watch: Watch, values: ByValues, tenant: string | undefined): Record<string, string> {
  const own = watch.by.map((by, i): [string, string] => [labelNameOf(by), values[i] ?? ""]);
  return {
    alertname: watch.name,
    ...(tenant === undefined ? {} : { tenant }),
    // An Alertmanager treats an empty label as a missing one.
    ...Object.fromEntries(own.filter(([, value]) => value !== "")),
    ...watch.labels,
  };
}

export function annotationsOf(
  { annotations }: Watch,
  labels: Raised["labels"],
  own: { readonly value: string; readonly matches: number; readonly traceId: string },
): Record<string, string> {
  const values = { ...labels, ...own, matches: String(own.matches) };
  const texts = Object.entries(annotations).map(([key, text]) => [key, filledIn(text, values)]);
  return { ...(own.traceId === "" ? {} : { trace_id: own.traceId }), ...Object.fromEntries(texts) };
}

export function linkOf(link: string | undefined, traceId: string): string | undefined {
  return traceId === "" ? undefined : link?.replaceAll("{traceId}", traceId);
}

/** The identity of a span, to recognize one that is sent again. */
export function identityOf(span: SpanView): string {
  const { traceId, spanId, startTimeUnixNano, durationNano, name, kind, resource } = span;
  return `${traceId} ${spanId} ${startTimeUnixNano} ${durationNano} ${kind} ${resource.serviceName} ${name}`;
}

/** The value of a metric for people. */
export function formatMetric({ kind }: Metric, value: number): string {
  switch (kind) {
    case "latency":
      return formatDuration(BigInt(Math.round(value)));
    case "error_ratio":
      return `${Number((value * 100).toPrecision(4))}%`;
    default:
      return String(Number(value.toPrecision(6)));
  }
}
