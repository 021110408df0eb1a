import type { SpanStore } from "@spanstore/core";
import { keyOf } from "../alerts/alert.js";
import type { AlertBook } from "../alerts/alert-book.js";
import type { MetricWatch } from "../file/watch-file.js";
import { isBeyond, metricValue, withEmpty } from "./metric-value.js";
import { newestTrace } from "./newest-trace.js";
import { annotationsOf, formatMetric, labelsOf, linkOf } from "./raised.js";

const minuteNanos = 60_000_000_000n;
const minuteMillis = 60_000;

export interface MetricContext {
  readonly storeOf: (tenant: string | undefined) => SpanStore;
  readonly book: AlertBook;
  readonly link: string | undefined;
  readonly signal: AbortSignal;
}

/** Evaluates the metric of the whole minutes before a minute. @param minute counted since 1970 */
export async function evaluateMetric(
  watch: MetricWatch,
  minute: number,
  { storeOf, book, link, signal }: MetricContext,
): Promise<void> {
  const { tenant, by, filter, overMinutes } = watch;
  const store = storeOf(tenant);
  const range = {
    startTimeUnixNano: BigInt(Math.max(0, minute - overMinutes)) * minuteNanos,
    endTimeUnixNano: BigInt(minute) * minuteNanos,
  };
  const given = { ...(filter === undefined ? {} : { filter }), latencies: watch.metric.kind === "latency" };
  const series = await store.getMetrics({ ...range, groupBy: by, ...given }, { signal });
  const now = minute * minuteMillis;
  const lasting = new Set<string>();
  for (const { labels: own, points } of withEmpty(watch, series)) {
    const value = metricValue(watch, points);
    if (value === undefined || !isBeyond(watch, value)) continue;
    const labels = labelsOf(
      watch,
      by.map((name) => own[name] ?? ""),
      tenant,
    );
    const key = keyOf(labels);
    lasting.add(key);
    const known = book.find(key);
    const traceId = known?.annotations.trace_id ?? (await newestTrace(store, watch, own, range, signal));
    const shown = {
      value: formatMetric(watch.metric, value),
      matches: points.reduce((sum, { calls }) => sum + calls, 0),
      traceId,
    };
    book.raise(
      {
        watch: watch.name,
        labels,
        annotations: annotationsOf(watch, labels, shown),
        link: linkOf(link, traceId),
        endsAt: undefined,
        forMillis: watch.forMillis,
        matches: 0,
      },
      now,
    );
  }
  book.settle(watch.name, lasting, now);
}
