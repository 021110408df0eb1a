/** The most spans to remember, over all traces. */
export const mostSeenSpans = 200_000;

/** Identifies a span within its trace. */
interface SpanKey {
  readonly key: string;
  readonly nanos: number;
}

/** The known spans of a trace, by key: the nanoseconds of their starts beyond whole microseconds. */
export type SeenSpans = Map<string, number | readonly number[]>;

/**
 * Whether a span is known. Jaeger's JSON cuts starts to microseconds, so a start of whole microseconds equals every start
 * within that microsecond.
 */
export function isSeen(seen: SeenSpans, { key, nanos }: SpanKey): boolean {
  const starts = seen.get(key);
  if (starts === undefined) return false;
  if (nanos === 0) return true;
  return typeof starts === "number"
    ? starts === 0 || starts === nanos
    : starts.includes(0) || starts.includes(nanos);
}

export function noteSeen(seen: SeenSpans, { key, nanos }: SpanKey): void {
  const starts = seen.get(key);
  if (starts === undefined) seen.set(key, nanos);
  else if (typeof starts === "number") seen.set(key, starts === nanos ? nanos : [starts, nanos]);
  else if (!starts.includes(nanos)) seen.set(key, [...starts, nanos]);
}

/** Remembers the spans of the latest traces. */
export interface SeenTraces {
  get(traceId: string): SeenSpans | undefined;
  /** Keeps the spans of a trace, and drops those of the oldest traces, or of a trace that is too large. */
  keep(traceId: string, spans: SeenSpans): void;
  /** Whether a trace was dropped since the last call. */
  hasForgotten(): boolean;
}

export function createSeenTraces(most: number): SeenTraces {
  const traces = new Map<string, SeenSpans>();
  const sizes = new Map<string, number>();
  let total = 0;
  let forgotten = false;
  const drop = (traceId: string): void => {
    total -= sizes.get(traceId) ?? 0;
    traces.delete(traceId);
    sizes.delete(traceId);
  };
  return {
    get: (traceId) => traces.get(traceId),
    keep(traceId, spans) {
      // Deleting first moves the trace to the end of the Map.
      drop(traceId);
      const size = spans.size + 1;
      traces.set(traceId, spans);
      sizes.set(traceId, size);
      total += size;
      for (const oldest of traces.keys()) {
        if (total <= most) return;
        drop(oldest);
        forgotten = true;
      }
    },
    hasForgotten() {
      const was = forgotten;
      forgotten = false;
      return was;
    },
  };
}
