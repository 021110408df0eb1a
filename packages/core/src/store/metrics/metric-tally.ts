import { SpanStoreError } from "../../errors/errors.js";
import { compareCodePoints } from "../../model/text-order.js";
import { StatusCode } from "../../model/trace.js";
import type { SpanView } from "../../otlp/span-view.js";
import type { MetricsSearch } from "../../query/metrics-query.js";
import { latencyIndexOfKey, type MetricPoint, type MetricSeries } from "../contract/metrics.js";
import { addLatency, bucketsOf, bucketsOfArray, noCounts, type PointCounts } from "./point-counts.js";

/** The most buckets of an answer: about 200 MB. */
const maxBuckets = 2_000_000;
const bytesPerBucket = 100;

/** Counts spans into the series of an answer. */
export interface MetricTally {
  /** The series that a span belongs to. */
  readonly seriesOf: (span: SpanView) => TalliedSeries;
  /** Counts spans of one latency that start at this time, which lies in the range. */
  readonly add: (
    series: TalliedSeries,
    startTimeUnixNano: bigint,
    latencyIndex: number | undefined,
    isError: boolean,
    spans: number,
  ) => void;
  /** The approximate size in memory. */
  readonly bytes: () => number;
  /** Counts the spans of one series and minute in rollups; `keys` are rollup keys. */
  readonly addBuckets: (
    series: TalliedSeries,
    startTimeUnixNano: bigint,
    isError: boolean,
    keys: Uint32Array,
    counts: Uint32Array,
  ) => void;
  /** The series, sorted by the values of their labels in the order of `groupBy`. */
  readonly series: () => MetricSeries[];
}

export interface TalliedSeries {
  readonly values: readonly string[];
  readonly points: Map<number, PointCounts>;
}

/** @param search a validated search. */
export function createMetricTally({
  labels,
  startTimeUnixNano,
  stepNano,
  latencies,
}: MetricsSearch): MetricTally {
  const all = new Map<string, TalliedSeries>();
  let buckets = 0;
  // Rollups come minute by minute, so most times equal the last one. The division of bigints would cost most of all.
  let lastTime = startTimeUnixNano;
  let lastStep = 0;

  const pointAt = ({ points }: TalliedSeries, unixNano: bigint): PointCounts => {
    if (unixNano !== lastTime) {
      lastStep = Number((unixNano - startTimeUnixNano) / stepNano);
      lastTime = unixNano;
    }
    let point = points.get(lastStep);
    if (point === undefined) {
      point = noCounts();
      points.set(lastStep, point);
      buckets++;
    }
    return point;
  };

  const count = (more: number): void => {
    buckets += more;
    if (buckets > maxBuckets) throw tooLarge();
  };

  const pointOf = (step: number, counts: PointCounts): MetricPoint => ({
    startTimeUnixNano: startTimeUnixNano + BigInt(step) * stepNano,
    calls: counts.calls,
    errors: counts.errors,
    latency: { zeroCount: counts.zeroCount, buckets: bucketsOf(counts) },
  });

  return {
    seriesOf: (span) => {
      const values = labels.map(({ read }) => read(span));
      const key = JSON.stringify(values);
      let series = all.get(key);
      if (series === undefined) {
        series = { values, points: new Map() };
        all.set(key, series);
      }
      return series;
    },

    addBuckets: (series, unixNano, isError, keys, counts) => {
      const point = pointAt(series, unixNano);
      const before = sizeOf(point);
      let calls = 0;
      for (const spans of counts) calls += spans;
      if (latencies) {
        for (let i = 0; i < keys.length; i++) {
          addLatency(point, latencyIndexOfKey(keys[i] as number), counts[i] as number);
        }
      }
      point.calls += calls;
      if (isError) point.errors += calls;
      count(sizeOf(point) - before);
    },

    add: (series, unixNano, index, isError, spans) => {
      const point = pointAt(series, unixNano);
      const before = sizeOf(point);
      point.calls += spans;
      if (isError) point.errors += spans;
      if (latencies) addLatency(point, index, spans);
      count(sizeOf(point) - before);
    },

    bytes: () => buckets * bytesPerBucket,

    series: () =>
      [...all.values()]
        .filter(({ points }) => points.size > 0)
        .sort((a, b) => compareValues(a.values, b.values))
        .map(({ values, points }) => ({
          labels: Object.fromEntries(labels.map(({ name }, i) => [name, values[i] as string])),
          points: [...points].sort(([a], [b]) => a - b).map(([step, point]) => pointOf(step, point)),
        })),
  };
}

/** The memory of a point, in buckets. */
function sizeOf({ size, many }: PointCounts): number {
  return many === undefined ? size : Math.max(size, bucketsOfArray);
}

/** Whether a span counts among the errors. */
export function isErrorStatus(statusCode: number): boolean {
  return statusCode === StatusCode.error;
}

function compareValues(a: readonly string[], b: readonly string[]): number {
  for (const [i, value] of a.entries()) {
    const order = compareCodePoints(value, b[i] as string);
    if (order !== 0) return order;
  }
  return 0;
}

function tooLarge(): SpanStoreError {
  return new SpanStoreError("INVALID_QUERY", `the answer has more than ${maxBuckets} latency buckets`, {
    field: "groupBy",
    hint: "ask for a shorter range, a longer step or fewer labels",
  });
}
