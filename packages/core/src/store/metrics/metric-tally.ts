import { SpanStoreError } from "../../errors/errors.js";
import { sortedBuckets } from "../../model/latency.js";
import { compareCodePoints } from "../../model/text-order.js";
import { StatusCode } from "../../model/trace.js";
import type { SpanView } from "../../otlp/span-view.js";
import type { MetricsSearch } from "../../query/metrics-query.js";
import { latencyIndexOfKey, type MetricPoint, type MetricSeries } from "../contract/metrics.js";
import { addCall, type CallCounts, noCalls } from "../reading/dependencies.js";

/** An answer holds no more buckets than this: about 200 MB. */
const maxBuckets = 2_000_000;
const bytesPerBucket = 100;

/** Adds spans up to the series of an answer. */
export interface MetricTally {
  /** The series that a span belongs to; its labels are read once. */
  readonly seriesOf: (span: SpanView) => TalliedSeries;
  /** Counts spans of one latency bucket that start at this time, within the range. */
  readonly add: (
    series: TalliedSeries,
    startTimeUnixNano: bigint,
    latencyIndex: number | undefined,
    isError: boolean,
    spans: number,
  ) => void;
  /** What it takes in memory, about. */
  readonly bytes: () => number;
  /** The same of buckets by their keys in rollups. */
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
  readonly points: Map<number, CallCounts>;
}

/** @param search is checked. */
export function createMetricTally({
  labels,
  startTimeUnixNano,
  stepNano,
  latencies,
}: MetricsSearch): MetricTally {
  const all = new Map<string, TalliedSeries>();
  let buckets = 0;
  // Rollups come minute by minute, and dividing takes longer than all else.
  let divided = startTimeUnixNano;
  let step = 0;

  const pointAt = ({ points }: TalliedSeries, unixNano: bigint): CallCounts => {
    if (unixNano !== divided) {
      step = Number((unixNano - startTimeUnixNano) / stepNano);
      divided = unixNano;
    }
    let point = points.get(step);
    if (point === undefined) {
      point = noCalls();
      points.set(step, point);
      buckets++;
    }
    return point;
  };

  const count = (more: number): void => {
    buckets += more;
    if (buckets > maxBuckets) throw tooLarge();
  };

  const pointOf = (step: number, { calls, errors, zeroCount, buckets }: CallCounts): MetricPoint => ({
    startTimeUnixNano: startTimeUnixNano + BigInt(step) * stepNano,
    calls,
    errors,
    latency: { zeroCount, buckets: sortedBuckets(buckets) },
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
      const before = point.buckets.size;
      let calls = 0;
      for (let i = 0; i < keys.length; i++) {
        const spans = counts[i] as number;
        calls += spans;
        if (!latencies) continue;
        const index = latencyIndexOfKey(keys[i] as number);
        if (index === undefined) point.zeroCount += spans;
        else point.buckets.set(index, (point.buckets.get(index) ?? 0) + spans);
      }
      point.calls += calls;
      if (isError) point.errors += calls;
      count(point.buckets.size - before);
    },

    add: (series, unixNano, index, isError, spans) => {
      const point = pointAt(series, unixNano);
      if (!latencies) {
        point.calls += spans;
        if (isError) point.errors += spans;
        return;
      }
      const before = point.buckets.size;
      addCall(point, index, isError, spans);
      count(point.buckets.size - before);
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
