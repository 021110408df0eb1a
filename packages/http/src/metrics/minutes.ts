import type { FilterCall, MetricPoint, MetricSeries, SpanStore } from "@spanstore/core";
import { maxMetricPoints } from "@spanstore/core/engine";
import { HttpError } from "../wire/errors.js";

/** Times here are whole minutes since 1970: spans are counted by the minute of their start. */
export const minuteMillis = 60_000;
const minuteNanos = 60_000_000_000n;

/** A window of time before each of several ends. */
export interface Windows {
  /** Distinct, ascending; a window ends before its minute. */
  readonly ends: readonly number[];
  /** The start of the window that ends at `end`; a later end never has an earlier start. */
  readonly startOf: (end: number) => number;
  /** Starts and ends are multiples of this many minutes, counted from the first start. */
  readonly step: number;
}

export interface MinuteQuestion {
  readonly windows: Windows;
  readonly groupBy: readonly string[];
  readonly filter: FilterCall | undefined;
  /** Whether points need their latencies. */
  readonly latencies: boolean;
}

/** The most points in one answer, over all series. */
const maxPoints = 2_000_000;

/** The end of the minute that holds a time; the start of a minute stays. */
export function endingMinute(millis: number): number {
  return Math.ceil(millis / minuteMillis);
}

/** Windows of one length. */
export function slidingWindows(ends: readonly number[], length: number): Windows {
  const distinct = [...new Set(ends)];
  const step = commonDivisor(length, ...distinct.map((end) => end - (distinct[0] ?? 0)));
  return { ends: distinct, startOf: (end) => Math.max(0, end - length), step };
}

/** Windows that begin at midnight in UTC. */
export function dailyWindows(ends: readonly number[]): Windows {
  const distinct = [...new Set(ends)];
  const startOf = (end: number): number => end - (end % dayMinutes);
  const first = startOf(distinct[0] ?? 0);
  const step = commonDivisor(...distinct.flatMap((end) => [end - first, startOf(end) - first]));
  return { ends: distinct, startOf, step };
}

const dayMinutes = 1440;

function commonDivisor(...lengths: readonly number[]): number {
  return lengths.reduce((a, b) => {
    let [larger, smaller] = [a, b];
    while (smaller > 0) [larger, smaller] = [smaller, larger % smaller];
    return larger;
  }, 0);
}

/**
 * Reads the series of all windows, each with its points by ascending time.
 * @throws HttpError 422 for more than `maxPoints` points.
 */
export async function readMinutes(
  store: SpanStore,
  { windows, groupBy, filter, latencies }: MinuteQuestion,
  signal: AbortSignal,
): Promise<MetricSeries[]> {
  const { ends, startOf, step } = windows;
  const [first, last] = [ends[0], ends.at(-1)];
  if (first === undefined || last === undefined) return [];
  const found = new Map<string, { labels: MetricSeries["labels"]; points: MetricPoint[] }>();
  let points = 0;
  for (let from = startOf(first); from < last; from += maxMetricPoints * step) {
    const part = await store.getMetrics(
      {
        startTimeUnixNano: BigInt(from) * minuteNanos,
        endTimeUnixNano: BigInt(Math.min(last, from + maxMetricPoints * step)) * minuteNanos,
        stepNano: BigInt(step) * minuteNanos,
        groupBy,
        latencies,
        ...(filter === undefined ? {} : { filter }),
      },
      { signal },
    );
    for (const series of part) {
      points += series.points.length;
      if (points > maxPoints) throw tooMuch();
      const key = JSON.stringify(groupBy.map((label) => series.labels[label]));
      const known = found.get(key);
      if (known === undefined) found.set(key, { labels: series.labels, points: [...series.points] });
      else for (const point of series.points) known.points.push(point);
    }
  }
  return [...found.values()];
}

function tooMuch(): HttpError {
  return new HttpError(
    422,
    `the series have more than ${maxPoints} points: ask for a shorter range, a longer step or fewer series`,
  );
}

/** Called for a point that enters the window (1) or leaves it (-1). */
export type Move = (point: MetricPoint, direction: 1 | -1) => void;

/**
 * Slides over the windows of a series.
 * @param points by ascending time
 * @returns the result of `read` for each window, by the end of the window.
 */
export function throughWindows<T>(
  { ends, startOf }: Windows,
  points: readonly MetricPoint[],
  move: Move,
  read: () => T,
): Map<number, T> {
  const minutes = points.map(({ startTimeUnixNano }) => Number(startTimeUnixNano / minuteNanos));
  const found = new Map<number, T>();
  let [oldest, next] = [0, 0];
  for (const end of ends) {
    for (; next < points.length && (minutes[next] as number) < end; next++)
      move(points[next] as MetricPoint, 1);
    const start = startOf(end);
    for (; oldest < next && (minutes[oldest] as number) < start; oldest++)
      move(points[oldest] as MetricPoint, -1);
    found.set(end, read());
  }
  return found;
}

/** The sum of `count` over the points of each window, by the end of the window. */
export function sumsOf(
  windows: Windows,
  points: readonly MetricPoint[],
  count: (point: MetricPoint) => number,
): Map<number, number> {
  let sum = 0;
  return throughWindows(
    windows,
    points,
    (point, direction) => {
      sum += direction * count(point);
    },
    () => sum,
  );
}
