/** The most spans to remember, of all traces together. */
export const mostSeenSpans = 200_000;

/** Identifies a span within its trace. */
interface SpanKey {
  readonly key: string;
  readonly nanos: number;
}

/** The spans of a trace that are known, by their keys: what their starts have beyond whole microseconds. */
export type SeenSpans = Map<string, number | readonly number[]>;

/**
 * Whether a span is known. Jaeger's JSON has no more of a start than its microseconds, so a start of whole microseconds is
 * the same as any within that one.
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

/** Traces whose spans are all known, those that were used last. */
export interface SeenTraces {
  get(traceId: string): SeenSpans | undefined;
  /** Keeps the spans of a trace, and gives up those of others, or of a trace that has too many. */
  keep(traceId: string, spans: SeenSpans): void;
  /** Whether a trace was given up since this was last asked. */
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
      // The last of a Map is what was set last.
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
