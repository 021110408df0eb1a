import { decodeTraces, type KeyValue, type SpanStore } from "@spanstore/core";
import { milliNanos } from "../latencies.js";
import { signatureOf } from "../promql/labels.js";
import { bucketBounds, labelsOfSpan } from "../promql/metrics.js";

/** A span that stands for a bucket. Times are milliseconds. */
export interface Exemplar {
  readonly traceId: string;
  readonly duration: number;
  readonly time: number;
}

/** Finds the newest span of a series in the bucket with an upper bound, if there is one among the newest spans. */
export type Exemplars = (series: string, bound: number) => Exemplar | undefined;

const newestSpans = 500;
const maxAgeMillis = 600_000;

/** Reads exemplars from the newest spans only, so that a scrape stays cheap. */
export async function newestExemplars(
  store: SpanStore,
  now: number,
  signal: AbortSignal,
): Promise<Exemplars> {
  const found = new Map<string, Exemplar>();
  const query = {
    startTimeMinUnixNano: BigInt(Math.max(0, now - maxAgeMillis)) * 1_000_000n,
    page: { size: newestSpans },
  };
  for await (const { encoded } of store.findSpans(query, { signal })) {
    for (const { resource, scopeSpans = [] } of decodeTraces(encoded).resourceSpans ?? []) {
      const service = serviceOf(resource?.attributes ?? []);
      for (const span of scopeSpans.flatMap(({ spans = [] }) => spans)) {
        const { startTimeUnixNano = 0n, endTimeUnixNano = 0n, traceId } = span;
        const duration = Math.max(0, Number(endTimeUnixNano - startTimeUnixNano) / milliNanos);
        const bound = bucketBounds.find((each) => duration <= each) ?? Number.POSITIVE_INFINITY;
        const key = keyOf(signatureOf(labelsOfSpan(service, span)), bound);
        if (found.has(key) || traceId === undefined) continue;
        found.set(key, { traceId, duration, time: Number(startTimeUnixNano / 1_000_000n) });
      }
    }
  }
  return (series, bound) => found.get(keyOf(series, bound));
}

function serviceOf(attributes: readonly KeyValue[]): string {
  const value = attributes.find(({ key }) => key === "service.name")?.value;
  return value !== undefined && "stringValue" in value ? value.stringValue : "";
}

function keyOf(series: string, bound: number): string {
  return `${bound} ${series}`;
}
