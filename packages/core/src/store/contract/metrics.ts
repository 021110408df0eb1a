import { type LatencyHistogram, latencyCode, latencyCodes, latencyIndexOfCode } from "../../model/latency.js";

/** Calls, errors and latencies of spans that have their labels in common. */
export interface MetricSeries {
  /** A value for each entry of the query's `groupBy`, under its text; empty where the spans have none. */
  readonly labels: Readonly<Record<string, string>>;
  /** The points with calls, by ascending time. */
  readonly points: readonly MetricPoint[];
}

/** The spans that started in one step of the range. */
export interface MetricPoint {
  /** The start of the step. */
  readonly startTimeUnixNano: bigint;
  readonly calls: number;
  /** Of these, the ones with status `error`. */
  readonly errors: number;
  readonly latency: LatencyHistogram;
}

/** Spans counted by minute of their start and by series. The arrays change no more. */
export interface SpanRollups {
  readonly series: readonly RollupSeries[];
  readonly minutes: readonly RollupMinute[];
}

export interface RollupSeries {
  readonly service: string;
  readonly operation: string;
  /** OTLP's numbers. */
  readonly kind: number;
  readonly statusCode: number;
}

export interface RollupMinute {
  readonly startTimeUnixNano: bigint;
  /** {@link rollupKey}s without duplicates, and how many spans each stands for. */
  readonly keys: Uint32Array;
  readonly counts: Uint32Array;
}

/** The whole minutes that rollups are asked for. */
export interface RollupRange {
  readonly startTimeUnixNano: bigint;
  /** Excluded. */
  readonly endTimeUnixNano: bigint;
}

export const rollupNanos = 60_000_000_000n;
/** A key of 32 bits has a latency's code, and the rest for the series. */
export const maxRollupSeries = 2 ** 32 / latencyCodes;

/** One bucket of one series. */
export function rollupKey(series: number, latencyIndex: number | undefined): number {
  return series * latencyCodes + latencyCode(latencyIndex);
}

export function seriesOfKey(key: number): number {
  return Math.floor(key / latencyCodes);
}

/** The latency bucket of a key; undefined for a duration of zero. */
export function latencyIndexOfKey(key: number): number | undefined {
  return latencyIndexOfCode(key % latencyCodes);
}
