import { throwIfAborted } from "../../errors/errors.js";
import { visitSpans } from "../../otlp/groups.js";
import type { SpanView } from "../../otlp/span-view.js";
import { compilePredicate, compileResourceDemand } from "../../query/filter/match/matcher.js";
import type { Search } from "../../query/search-of-query.js";
import type { EngineReader, Fragment } from "../contract/engine.js";
import type { Reading } from "../contract/reading.js";
import { bytesOf } from "./assemble.js";
import { candidatesOf } from "./candidates.js";
import { createTurns } from "./turns.js";

/** A trace that matches, placed by the start of its newest matching span. */
export interface Match {
  readonly traceId: string;
  readonly startTimeUnixNano: bigint;
}

/** The position of a pagination. */
export interface Continuation {
  /** The last match of the previous page; absent on the first page. */
  readonly after?: Match;
  /** The watermark at the beginning: later writes are left out. */
  readonly sequence: number;
}

/** The memory of a match in its map. */
const bytesPerMatch = 128;

/** The order of every search: newest match first, ties by trace id. */
function compareMatches(a: Match, b: Match): number {
  if (a.startTimeUnixNano !== b.startTimeUnixNano) return a.startTimeUnixNano > b.startTimeUnixNano ? -1 : 1;
  if (a.traceId === b.traceId) return 0;
  return a.traceId < b.traceId ? -1 : 1;
}

/** The first `limit` matching traces in order, exactly; with `walk`, the first ones after its position. */
export async function findMatches(
  engine: EngineReader,
  search: Search,
  limit: number,
  walk: Continuation | undefined,
  reading: Reading,
  signal: AbortSignal | undefined,
): Promise<Match[]> {
  const { after } = walk ?? {};
  const matches = compilePredicate(search.predicate);
  const hasChance = compileResourceDemand(search.predicate);
  const startTimeMaxUnixNano = after?.startTimeUnixNano ?? search.startTimeMaxUnixNano;
  const isIn = (span: SpanView): boolean => {
    const start = span.startTimeUnixNano;
    return start >= search.startTimeMinUnixNano && start <= startTimeMaxUnixNano && matches(span);
  };
  const excluded =
    after === undefined
      ? undefined
      : createExclusion(engine, search, walk as Continuation, hasChance, matches, reading);
  const hold = reading.part();
  const newest = new Map<string, bigint>();
  const turns = createTurns();
  /** No matching span of the current batch starts after this time. */
  let bound = startTimeMaxUnixNano;
  const wanted = { ...search, startTimeMaxUnixNano, limit };
  for await (const batch of candidatesOf(engine, wanted, reading, signal)) {
    throwIfAborted(signal);
    const room = hold(bytesOf(batch.fragments) + newest.size * bytesPerMatch);
    if (room !== undefined) await room;
    const found = new Map<string, bigint>();
    for (const fragment of batch.fragments) {
      if (walk !== undefined && fragment.sequence > walk.sequence) continue;
      const known = found.get(fragment.traceId) ?? newest.get(fragment.traceId);
      if (known !== undefined && known >= bound) continue;
      const start = newestMatch(fragment, hasChance, isIn, known);
      if (start !== undefined) found.set(fragment.traceId, start);
      const turn = turns();
      if (turn !== undefined) {
        await turn;
        throwIfAborted(signal);
      }
    }
    if (excluded !== undefined) await excluded(found, newest, signal);
    for (const [traceId, start] of found) newest.set(traceId, start);
    bound = batch.laterStartAtMostUnixNano;
    if (newest.size >= limit) {
      const best = firstMatches(newest, limit);
      // An equal start may still win by a smaller trace id, so only a strictly older bound ends the search.
      if (bound < (best[limit - 1] as Match).startTimeUnixNano) return best;
      keepOnly(newest, best);
    }
  }
  return firstMatches(newest, limit);
}

/** The start of the fragment's newest matching span, or the known start if that is later. */
function newestMatch(
  fragment: Fragment,
  hasChance: (span: SpanView) => boolean,
  isIn: (span: SpanView) => boolean,
  known: bigint | undefined,
): bigint | undefined {
  let start = known;
  visitSpans(fragment.encoded, hasChance, (span) => {
    if (start !== undefined && span.startTimeUnixNano <= start) return;
    if (isIn(span)) start = span.startTimeUnixNano;
  });
  return start;
}

/**
 * Removes from the matches of a batch the traces of earlier pages: those with any matching span up to the position of the
 * walk in the order.
 */
function createExclusion(
  engine: EngineReader,
  search: Search,
  walk: Continuation,
  hasChance: (span: SpanView) => boolean,
  matches: (span: SpanView) => boolean,
  reading: Reading,
): (
  found: Map<string, bigint>,
  accepted: ReadonlyMap<string, bigint>,
  signal?: AbortSignal,
) => Promise<void> {
  const after = walk.after as Match;
  const earlier = new Set<string>();
  const hold = reading.part();
  const turns = createTurns();
  const isEarlierMatch = (traceId: string) => (span: SpanView) => {
    const { startTimeUnixNano } = span;
    if (startTimeUnixNano > search.startTimeMaxUnixNano) return false;
    return compareMatches({ traceId, startTimeUnixNano }, after) <= 0 && matches(span);
  };
  return async (found, accepted, signal) => {
    const unknown: string[] = [];
    for (const [traceId, startTimeUnixNano] of found) {
      if (earlier.has(traceId) || compareMatches({ traceId, startTimeUnixNano }, after) <= 0)
        found.delete(traceId);
      else if (!accepted.has(traceId)) unknown.push(traceId);
    }
    for await (const batch of engine.fragments(unknown, signal, reading)) {
      const room = hold(bytesOf(batch));
      if (room !== undefined) await room;
      for (const fragment of batch) {
        if (fragment.sequence > walk.sequence || earlier.has(fragment.traceId)) continue;
        const isEarlier =
          newestMatch(fragment, hasChance, isEarlierMatch(fragment.traceId), undefined) !== undefined;
        if (isEarlier) earlier.add(fragment.traceId);
        const turn = turns();
        if (turn !== undefined) await turn;
        throwIfAborted(signal);
      }
    }
    void hold(0);
    for (const traceId of unknown) if (earlier.has(traceId)) found.delete(traceId);
  };
}

function firstMatches(newest: ReadonlyMap<string, bigint>, limit: number): Match[] {
  const all = Array.from(newest, ([traceId, startTimeUnixNano]) => ({ traceId, startTimeUnixNano }));
  return all.sort(compareMatches).slice(0, limit);
}

/** Drops the other traces: one of them can return only with a newer span, which a later batch would bring itself. */
function keepOnly(newest: Map<string, bigint>, kept: readonly Match[]): void {
  if (newest.size === kept.length) return;
  newest.clear();
  for (const match of kept) newest.set(match.traceId, match.startTimeUnixNano);
}
