import { type LatencyHistogram, latencyCode, latencyCodes, latencyIndexOfCode } from "../../model/latency.js";

/** Calls, errors and latencies of the spans with equal labels. */
export interface MetricSeries {
  /** A value for each entry of the query's `groupBy`, by the entry's text; empty where the spans have none. */
  readonly labels: Readonly<Record<string, string>>;
  /** The points with calls, by ascending time. */
  readonly points: readonly MetricPoint[];
}

/** The spans that started in one step of the range. */
export interface MetricPoint {
  /** The start of the step. */
  readonly startTimeUnixNano: bigint;
  readonly calls: number;
  /** Calls with status `error`. */
  readonly errors: number;
  readonly latency: LatencyHistogram;
}

/** Spans counted by the minute of their start and by series. The arrays do not change. */
export interface SpanRollups {
  readonly series: readonly RollupSeries[];
  readonly minutes: readonly RollupMinute[];
}

export interface RollupSeries {
  readonly service: string;
  readonly operation: string;
  /** `kind` and `statusCode` are OTLP's numbers. */
  readonly kind: number;
  readonly statusCode: number;
}

export interface RollupMinute {
  readonly startTimeUnixNano: bigint;
  /** {@link rollupKey}s, ascending and distinct, and the number of spans of each. */
  readonly keys: Uint32Array;
  readonly counts: Uint32Array;
}

/** A range of whole minutes. */
export interface RollupRange {
  readonly startTimeUnixNano: bigint;
  /** Excluded. */
  readonly endTimeUnixNano: bigint;
}

export const rollupNanos = 60_000_000_000n;
/** A key of 32 bits holds a latency code and the number of a series. */
export const maxRollupSeries = 2 ** 32 / latencyCodes;

/** The key of one latency bucket of one series. */
export function rollupKey(series: number, latencyIndex: number | undefined): number {
  return series * latencyCodes + latencyCode(latencyIndex);
}

export function seriesOfKey(key: number): number {
  return Math.floor(key / latencyCodes);
}

/** The latency index of a key; undefined for a duration that counts as zero. */
export function latencyIndexOfKey(key: number): number | undefined {
  return latencyIndexOfCode(key % latencyCodes);
}
