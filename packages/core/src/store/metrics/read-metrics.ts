import { throwIfAborted } from "../../errors/errors.js";
import { latencyCodes, latencyIndex } from "../../model/latency.js";
import { compilePredicate } from "../../query/filter/match/matcher.js";
import { type MetricsQuery, type MetricsSearch, searchOfMetricsQuery } from "../../query/metrics-query.js";
import type { EngineReader } from "../contract/engine.js";
import {
  type MetricSeries,
  type RollupRange,
  rollupNanos,
  type SpanRollups,
  seriesOfKey,
} from "../contract/metrics.js";
import type { Reading } from "../contract/reading.js";
import { visitDistinctSpans } from "../reading/distinct-spans.js";
import { createTurns } from "../reading/turns.js";
import { walkTraces } from "../reading/walk-traces.js";
import { createMetricTally, isErrorStatus, type MetricTally } from "./metric-tally.js";
import { isAnsweredByRollups, spanOfSeries } from "./rollup-series.js";

/** Counts the bytes of the answer so far. */
type Hold = () => Promise<void> | undefined;

/** A hint for the size of batches of candidates. */
const fragmentsWanted = 256;

/**
 * Counts calls, errors and latencies. Rollups answer for whole minutes where labels, filter and steps allow it; the rest is
 * counted from the spans.
 */
export async function readMetrics(
  engine: EngineReader,
  query: MetricsQuery,
  reading: Reading,
  signal: AbortSignal | undefined,
): Promise<MetricSeries[]> {
  const search = searchOfMetricsQuery(query);
  const tally = createMetricTally(search);
  const { startTimeUnixNano: from, endTimeUnixNano: to } = search;
  const minutes = wholeMinutes(search);
  const rollups = minutes && (await engine.rollups?.(minutes, signal, reading));
  const part = reading.part();
  const hold = () => part(tally.bytes());
  const countBetween = (start: bigint, end: bigint) =>
    countSpans(engine, search, start, end, tally, hold, reading, signal);
  if (minutes === undefined || rollups === undefined) {
    await countBetween(from, to);
  } else {
    await addRollups(rollups, search, minutes, tally, hold, signal);
    await countBetween(from, minutes.startTimeUnixNano);
    await countBetween(minutes.endTimeUnixNano, to);
  }
  return tally.series();
}

/** The whole minutes of the range that rollups can answer; undefined when there are none. */
function wholeMinutes(search: MetricsSearch): RollupRange | undefined {
  const { startTimeUnixNano: from, endTimeUnixNano: to, stepNano } = search;
  if (!isAnsweredByRollups(search)) return undefined;
  const isOnePoint = stepNano >= to - from;
  if (!isOnePoint && (from % rollupNanos !== 0n || stepNano % rollupNanos !== 0n)) return undefined;
  const startTimeUnixNano = ((from + rollupNanos - 1n) / rollupNanos) * rollupNanos;
  const endTimeUnixNano = (to / rollupNanos) * rollupNanos;
  return startTimeUnixNano < endTimeUnixNano ? { startTimeUnixNano, endTimeUnixNano } : undefined;
}

async function addRollups(
  { series, minutes }: SpanRollups,
  { predicate }: MetricsSearch,
  range: RollupRange,
  tally: MetricTally,
  hold: Hold,
  signal: AbortSignal | undefined,
): Promise<void> {
  const turns = createTurns();
  const matches = compilePredicate(predicate);
  const tallied = series.map((each) => {
    const span = spanOfSeries(each);
    return matches(span) ? tally.seriesOf(span) : undefined;
  });
  for (const { startTimeUnixNano, keys, counts } of minutes) {
    if (startTimeUnixNano < range.startTimeUnixNano || startTimeUnixNano >= range.endTimeUnixNano) continue;
    // Keys ascend, so the keys of a series are neighbours.
    for (let i = 0; i < keys.length; ) {
      const index = seriesOfKey(keys[i] as number);
      const firstOfNext = (index + 1) * latencyCodes;
      const begin = i;
      while (i < keys.length && (keys[i] as number) < firstOfNext) i++;
      const into = tallied[index];
      if (into === undefined) continue;
      const isError = isErrorStatus(series[index]?.statusCode ?? 0);
      tally.addBuckets(into, startTimeUnixNano, isError, keys.subarray(begin, i), counts.subarray(begin, i));
    }
    const room = hold();
    if (room !== undefined) await room;
    const turn = turns();
    if (turn === undefined) continue;
    await turn;
    throwIfAborted(signal);
  }
}

/** Counts matching spans. @param to exclusive */
async function countSpans(
  engine: EngineReader,
  { predicate }: MetricsSearch,
  from: bigint,
  to: bigint,
  tally: MetricTally,
  hold: Hold,
  reading: Reading,
  signal: AbortSignal | undefined,
): Promise<void> {
  if (from >= to) return;
  const matches = compilePredicate(predicate);
  const walk = {
    startTimeMinUnixNano: from,
    startTimeMaxUnixNano: to - 1n,
    predicate,
    limit: fragmentsWanted,
    holdVisited: hold,
  };
  await walkTraces(
    engine,
    walk,
    (trace) => {
      let oldest: bigint | undefined;
      const counts: (() => void)[] = [];
      visitDistinctSpans(trace, (span) => {
        const start = span.startTimeUnixNano;
        if (start < from || start >= to || !matches(span)) return;
        if (oldest === undefined || start < oldest) oldest = start;
        const series = tally.seriesOf(span);
        const index = latencyIndex(Number(span.durationNano));
        const isError = isErrorStatus(span.statusCode);
        counts.push(() => tally.add(series, start, index, isError, 1));
      });
      return {
        oldestStartUnixNano: oldest ?? to,
        accept: () => {
          for (const count of counts) count();
        },
      };
    },
    signal,
    reading,
  );
}
