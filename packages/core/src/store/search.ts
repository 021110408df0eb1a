import { spansOf } from "../otlp/groups.js";
import { compilePredicate } from "../query/filter/matcher.js";
import type { TraceSearch } from "../query/search-of-query.js";
import type { EngineReader } from "./engine.js";
import { throwIfAborted } from "./errors.js";


/** A trace that matches, placed by the start of its newest matching span. */
export interface Match {
  readonly traceId: string;
  readonly startTimeUnixNano: bigint;
}

/** The order of every search: newest match first, ties by trace id. */
export function compareMatches(a: Match, b: Match): number {
  if (a.startTimeUnixNano !== b.startTimeUnixNano) return a.startTimeUnixNano > b.startTimeUnixNano ? -1 : 1;
  if (a.traceId === b.traceId) return 0;
  return a.traceId < b.traceId ? -1 : 1;
}

/** The first `limit` traces that match, exactly, in order. */
export async function findMatches(
  engine: EngineReader,
  search: TraceSearch,
  signal: AbortSignal | undefined,
): Promise<Match[]> {
  const matches = compilePredicate(search.predicate);
  const newest = new Map<string, bigint>();
  let best: Match[] = [];
  /** No span of the window at hand starts after this. */
  let bound = search.startTimeMaxUnixNano;
  for await (const window of engine.candidates(search, signal)) {
    throwIfAborted(signal);
    for (const { traceId, encoded } of window.fragments) {
      const known = newest.get(traceId);
      if (known !== undefined && known >= bound) continue;
      let start = known;
      for (const span of spansOf(encoded)) {
        const spanStart = span.startTimeUnixNano;
        if (start !== undefined && spanStart <= start) continue;
        if (spanStart < search.startTimeMinUnixNano || spanStart > search.startTimeMaxUnixNano) continue;
        if (matches(span)) start = spanStart;
      }
      if (start !== undefined) newest.set(traceId, start);
    }
    bound = window.laterStartAtMostUnixNano;
    if (newest.size >= search.limit) {
      best = firstMatches(newest, search.limit);
      // A tie may still be won by a smaller trace id, so only what is strictly older ends the search.
      const last = best[search.limit - 1];
      if (last !== undefined && bound < last.startTimeUnixNano) return best;
      dropBeyond(newest, best);
    }
  }
  return firstMatches(newest, search.limit);
}

function firstMatches(newest: ReadonlyMap<string, bigint>, limit: number): Match[] {
  const all = Array.from(newest, ([traceId, startTimeUnixNano]) => ({ traceId, startTimeUnixNano }));
  return all.sort(compareMatches).slice(0, limit);
}

/** A trace beyond the limit can only come back by a newer span, which is then found in itself. */
function dropBeyond(newest: Map<string, bigint>, kept: readonly Match[]): void {
  if (newest.size === kept.length) return;
  newest.clear();
  for (const match of kept) newest.set(match.traceId, match.startTimeUnixNano);
}
