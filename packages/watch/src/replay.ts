import type { MetricPoint, SpanStore } from "@spanstore/core";
import { metricLabelsOf, type SpanView } from "@spanstore/core/engine";
import { spansOf } from "@spanstore/core/otlp";
import { keyOf } from "./alerts/alert.js";
import { isBeyond, metricValue, withEmpty } from "./evaluation/metric-value.js";
import { formatMetric, labelsOf } from "./evaluation/raised.js";
import type { MetricWatch, SpansWatch, Watch } from "./file/watch-file.js";

/** An alert that would have fired. Times are nanoseconds since 1970. */
export interface Episode {
  readonly watch: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly startsAt: bigint;
  readonly endsAt: bigint;
  /** The number of matching spans; undefined for a metric. */
  readonly matches: number | undefined;
  /** The most extreme value of the metric; undefined without a metric. */
  readonly value: string | undefined;
  /** The trace of the first span that matched. */
  readonly traceId: string | undefined;
}

export interface ReplayRange {
  readonly startTimeUnixNano: bigint;
  /** Excluded. */
  readonly endTimeUnixNano: bigint;
}

const nanosPerMilli = 1_000_000n;
const minuteNanos = 60_000_000_000n;
const spansPerPage = 1000;

/** Finds the alerts that a watch would have raised over the stored spans, had each arrived when it ended. */
export function replayWatches(
  watch: Watch,
  store: SpanStore,
  range: ReplayRange,
  signal: AbortSignal,
): Promise<Episode[]> {
  return watch.kind === "spans"
    ? replaySpans(watch, store, range, signal)
    : replayMetric(watch, store, range, signal);
}

async function replaySpans(
  watch: SpansWatch,
  store: SpanStore,
  { startTimeUnixNano, endTimeUnixNano }: ReplayRange,
  signal: AbortSignal,
): Promise<Episode[]> {
  const labels = metricLabelsOf(watch.by, "by");
  const keep = BigInt(watch.keepFiringMillis) * nanosPerMilli;
  const found = new Map<
    string,
    { labels: Record<string, string>; arrivals: { at: bigint; traceId: string }[] }
  >();
  const note = (span: SpanView): void => {
    const own = labelsOf(
      watch,
      labels.map(({ read }) => read(span)),
      undefined,
    );
    const key = keyOf(own);
    const series = found.get(key) ?? { labels: own, arrivals: [] };
    found.set(key, series);
    series.arrivals.push({ at: span.startTimeUnixNano + span.durationNano, traceId: span.traceId });
  };
  let token: string | undefined;
  do {
    const page = { size: spansPerPage, ...(token === undefined ? {} : { token }) };
    const bounds = { startTimeMinUnixNano: startTimeUnixNano, startTimeMaxUnixNano: endTimeUnixNano - 1n };
    token = undefined;
    for await (const chunk of store.findSpans({ ...bounds, filter: watch.filter, page }, { signal })) {
      for (const span of spansOf(chunk.encoded)) note(span);
      token = chunk.nextPageToken;
    }
  } while (token !== undefined);
  return [...found.values()].flatMap(({ labels, arrivals }) => {
    arrivals.sort((a, b) => (a.at < b.at ? -1 : 1));
    const episodes: Episode[] = [];
    for (const { at, traceId } of arrivals) {
      const last = episodes.at(-1);
      if (last === undefined || at >= last.endsAt) {
        const fresh = { watch: watch.name, labels, startsAt: at, endsAt: at + keep };
        episodes.push({ ...fresh, matches: 1, value: undefined, traceId });
      } else episodes[episodes.length - 1] = { ...last, endsAt: at + keep, matches: (last.matches ?? 0) + 1 };
    }
    return episodes;
  });
}

async function replayMetric(
  watch: MetricWatch,
  store: SpanStore,
  range: ReplayRange,
  signal: AbortSignal,
): Promise<Episode[]> {
  const over = BigInt(watch.overMinutes);
  const first = range.startTimeUnixNano / minuteNanos;
  const last = (range.endTimeUnixNano + minuteNanos - 1n) / minuteNanos;
  const from = first > over ? first - over : 0n;
  const given = watch.filter === undefined ? {} : { filter: watch.filter };
  const series = await store.getMetrics(
    {
      startTimeUnixNano: from * minuteNanos,
      endTimeUnixNano: last * minuteNanos,
      stepNano: minuteNanos,
      groupBy: watch.by,
      ...given,
    },
    { signal },
  );
  return withEmpty(watch, series).flatMap(({ labels: own, points }) => {
    const labels = labelsOf(
      watch,
      watch.by.map((name) => own[name] ?? ""),
      watch.tenant,
    );
    const byMinute = new Map(points.map((point) => [point.startTimeUnixNano / minuteNanos, point]));
    return episodesOf(watch, labels, byMinute, first + 1n, last);
  });
}

/** Evaluates the metric at each minute, as a server does. */
function episodesOf(
  watch: MetricWatch,
  labels: Record<string, string>,
  points: ReadonlyMap<bigint, MetricPoint>,
  first: bigint,
  last: bigint,
): Episode[] {
  const pending = BigInt(watch.forMillis) * nanosPerMilli;
  const farther = watch.comparison === "above" ? Math.max : Math.min;
  const episodes: Episode[] = [];
  let begun: bigint | undefined;
  let worst = 0;
  const end = (at: bigint): void => {
    if (begun !== undefined && at - minuteNanos - begun >= pending) {
      const value = formatMetric(watch.metric, worst);
      episodes.push({
        watch: watch.name,
        labels,
        startsAt: begun + pending,
        endsAt: at,
        matches: undefined,
        value,
        traceId: undefined,
      });
    }
    begun = undefined;
  };
  for (let minute = first; minute <= last; minute++) {
    const within: MetricPoint[] = [];
    for (let each = minute - BigInt(watch.overMinutes); each < minute; each++) {
      const point = points.get(each);
      if (point !== undefined) within.push(point);
    }
    const value = metricValue(watch, within);
    const at = minute * minuteNanos;
    if (value === undefined || !isBeyond(watch, value)) end(at);
    else {
      worst = begun === undefined ? value : farther(worst, value);
      begun ??= at;
    }
  }
  end((last + 1n) * minuteNanos);
  return episodes;
}
