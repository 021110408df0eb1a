import type { Span, TracesData } from "@spanstore/core";

const startTimeUnixNano = 1_772_625_600_000_000_000n;

export const span: Span = {
  traceId: "1".repeat(32),
  spanId: "2".repeat(16),
  name: "get",
  startTimeUnixNano,
  endTimeUnixNano: startTimeUnixNano + 1n,
};

/** A request with spans of the service `shop`. */
export function ofShop(spans: readonly Span[]): TracesData {
  const attributes = [{ key: "service.name", value: { stringValue: "shop" } }];
  return { resourceSpans: [{ resource: { attributes }, scopeSpans: [{ spans }] }] };
}

export const traces: TracesData = ofShop([span]);
