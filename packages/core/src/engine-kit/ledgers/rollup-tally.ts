import { latencyIndex } from "../../model/latency.js";
import type { SpanView } from "../../otlp/span-view.js";
import type { Fragment } from "../../store/contract/engine.js";
import { maxRollupSeries, type RollupSeries, rollupKey, rollupNanos } from "../../store/contract/metrics.js";
import { visitDistinctSpans } from "../../store/reading/distinct-spans.js";
import { createRollupBuckets } from "./rollup-buckets.js";

/** Its names, twice. */
const bytesPerSeries = 256;

/** Counts whole traces by minute, service, operation, kind, status and latency. */
export function createRollupTally() {
  const buckets = createRollupBuckets();
  const series: RollupSeries[] = [];
  const numbers = new Map<string, number>();

  const seriesOf = (span: SpanView): number => {
    const service = span.resource.serviceName;
    const key = `${span.kind}:${span.statusCode}:${service.length}:${service}${span.name}`;
    let number = numbers.get(key);
    if (number === undefined) {
      number =
        series.push({ service, operation: span.name, kind: span.kind, statusCode: span.statusCode }) - 1;
      numbers.set(key, number);
    }
    return number;
  };

  const scan = (trace: readonly Fragment[], from: bigint, to: bigint) => {
    let oldest: bigint | undefined;
    /** Minute and key, one after the other. */
    const found: number[] = [];
    visitDistinctSpans(trace, (span) => {
      const start = span.startTimeUnixNano;
      if (oldest === undefined || start < oldest) oldest = start;
      if (start < from || start >= to) return;
      const number = seriesOf(span);
      if (number >= maxRollupSeries) return;
      found.push(Number(start / rollupNanos), rollupKey(number, latencyIndex(Number(span.durationNano))));
    });
    const apply = (spans: 1 | -1): void => {
      for (let i = 0; i < found.length; i += 2)
        buckets.add(found[i] as number, found[i + 1] as number, spans);
    };
    return { oldestStartUnixNano: oldest ?? to, add: () => apply(1), remove: () => apply(-1) };
  };

  return {
    scan,
    bytes: () => buckets.bytes() + series.length * bytesPerSeries,
    /** Undefined when there are more series than keys can tell apart. */
    rollups: (from: bigint, to: bigint) =>
      series.length > maxRollupSeries
        ? undefined
        : {
            series: [...series],
            minutes: buckets.minutes(Number(from / rollupNanos), Number(to / rollupNanos)),
          },
  };
}
