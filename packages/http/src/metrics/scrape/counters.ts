import type { MetricPoint } from "@spanstore/core";
import { sortedBuckets } from "@spanstore/core/engine";
import { type Labels, signatureOf } from "../promql/labels.js";
import { type Admitted, admit, type BoundedSeries, type FoundSeries, overflow } from "./series.js";

/** Counters over the spans of a store. They never fall, even when spans are deleted. */
export interface Counters {
  /** The hours since 1970 that the next reading counts, end exclusive. */
  readonly hours: (now: number) => { readonly start: number; readonly end: number };
  /**
   * Adds the spans that arrived since the last reading.
   * @param found has a point for each hour
   * @param now when the reading began, in milliseconds since 1970
   */
  readonly add: (found: readonly FoundSeries[], now: number) => BoundedSeries;
}

const hourMillis = 3_600_000;
/** Spans that arrive more than this many hours after the hour of their start may be left uncounted. */
const lateHours = 1;
/** The most hours read after a pause between readings. */
const mostHours = 24;

/** Calls and latency buckets of a series within an hour, or since the first reading. */
interface Counts {
  calls: number;
  zeroCount: number;
  readonly buckets: Map<number, number>;
}

const overflowKey = signatureOf(overflow);

interface Counter {
  readonly labels: Labels;
  readonly total: Counts;
  /** The highest counts seen of each hour that is still read. */
  readonly hours: Map<bigint, Counts>;
}

/** @param most the most series; one more counts those beyond. */
export function createCounters(most: number): Counters {
  const counters = new Map<string, Counter>();
  const admitted: Admitted = new Set();
  let readAt: number | undefined;

  const oldestHour = (now: number): number => {
    const last = Math.max(readAt ?? now, now - mostHours * hourMillis);
    return Math.max(0, Math.floor(Math.min(last, now) / hourMillis) - lateHours);
  };

  const counterOf = (labels: Labels): Counter => {
    const key = signatureOf(labels);
    let counter = counters.get(key);
    if (counter === undefined) {
      counter = { labels, total: noCounts(), hours: new Map() };
      counters.set(key, counter);
    }
    return counter;
  };

  return {
    hours: (now) => ({ start: oldestHour(now), end: Math.floor(now / hourMillis) + 1 }),
    add: (found, now) => {
      const { labelsOf, beyond } = admit(found, admitted, most);
      const seen = new Map<Counter, Map<bigint, Counts>>();
      for (const { labels, points } of found) {
        const counter = counterOf(labelsOf(labels));
        const hours = seen.get(counter) ?? new Map<bigint, Counts>();
        seen.set(counter, hours);
        for (const point of points) addPoint(hours, point);
      }
      for (const [{ total, hours }, read] of seen) {
        for (const [hour, counts] of read) {
          const known = hours.get(hour) ?? noCounts();
          hours.set(hour, known);
          raise(known, counts, total);
        }
      }
      readAt = Math.max(now, readAt ?? now);
      const oldest = BigInt(oldestHour(readAt)) * BigInt(hourMillis) * 1_000_000n;
      for (const { hours } of counters.values()) {
        for (const hour of hours.keys()) if (hour < oldest) hours.delete(hour);
      }
      const keys = [...counters.keys()].sort(
        (a, b) => Number(a === overflowKey) - Number(b === overflowKey) || (a < b ? -1 : 1),
      );
      const series = keys.map((key) => {
        const { labels, total } = counters.get(key) as Counter;
        const { calls, zeroCount, buckets } = total;
        return { labels, calls, latency: { zeroCount, buckets: sortedBuckets(buckets) } };
      });
      return { series, beyond };
    },
  };
}

function noCounts(): Counts {
  return { calls: 0, zeroCount: 0, buckets: new Map() };
}

function addPoint(hours: Map<bigint, Counts>, { startTimeUnixNano, calls, latency }: MetricPoint): void {
  const counts = hours.get(startTimeUnixNano) ?? noCounts();
  hours.set(startTimeUnixNano, counts);
  counts.calls += calls;
  counts.zeroCount += latency.zeroCount;
  for (const { index, count } of latency.buckets)
    counts.buckets.set(index, (counts.buckets.get(index) ?? 0) + count);
}

/** Raises the known counts of an hour to the counts just read, and the total by the difference. */
function raise(known: Counts, read: Counts, total: Counts): void {
  for (const [index, count] of read.buckets) {
    const more = count - (known.buckets.get(index) ?? 0);
    if (more <= 0) continue;
    known.buckets.set(index, count);
    total.buckets.set(index, (total.buckets.get(index) ?? 0) + more);
    total.calls += more;
  }
  const more = read.zeroCount - known.zeroCount;
  if (more <= 0) return;
  known.zeroCount = read.zeroCount;
  total.zeroCount += more;
  total.calls += more;
}
