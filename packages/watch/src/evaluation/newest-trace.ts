import {
  and,
  decodeTraces,
  type FilterCall,
  resource,
  type SpanKind,
  type SpanStore,
  type StatusCode,
  span,
} from "@spanstore/core";
import type { MetricWatch } from "../file/watch-file.js";

interface Range {
  readonly startTimeUnixNano: bigint;
  readonly endTimeUnixNano: bigint;
}

/** The trace of the newest span in a series, or of its newest error; empty when there is none. */
export async function newestTrace(
  store: SpanStore,
  { metric, filter }: MetricWatch,
  labels: Readonly<Record<string, string>>,
  { startTimeUnixNano, endTimeUnixNano }: Range,
  signal: AbortSignal,
): Promise<string> {
  const isOfErrors = metric.kind === "errors" || metric.kind === "error_ratio";
  const conditions = [
    ...(filter === undefined ? [] : [filter]),
    ...Object.entries(labels).flatMap(([name, value]) => conditionOf(name, value)),
    ...(isOfErrors && labels.status === undefined ? [span.status.eq("error")] : []),
  ];
  const query = {
    startTimeMinUnixNano: startTimeUnixNano,
    startTimeMaxUnixNano: endTimeUnixNano - 1n,
    page: { size: 1 },
    ...(conditions.length === 0 ? {} : { filter: and(...conditions) }),
  };
  for await (const { encoded } of store.findSpans(query, { signal })) {
    for (const { scopeSpans = [] } of decodeTraces(encoded).resourceSpans ?? []) {
      for (const { traceId } of scopeSpans.flatMap(({ spans = [] }) => spans)) if (traceId) return traceId;
    }
  }
  return "";
}

function conditionOf(label: string, value: string): FilterCall[] {
  switch (label) {
    case "service":
      return value === "" ? [] : [resource.service.eq(value)];
    case "operation":
      return [span.name.eq(value)];
    case "kind":
      return value === "" ? [] : [span.kind.eq(value as keyof typeof SpanKind)];
    case "status":
      return [span.status.eq(value as keyof typeof StatusCode)];
    default:
      return [];
  }
}
