import type { TermNode } from "@spanstore/core/engine";
import type { Database as Connection } from "better-sqlite3";
import { firstIdOf, newestMillis, windowOfId } from "../schema/ids.js";
import { createSegmentLookup, type SegmentCache } from "../terms/lookup.js";
import { matchExpression } from "../terms/lower.js";
import type { Segment } from "../terms/segments.js";
import { type Place, placeColumns } from "./fragments.js";

/** The state of one search's listing, which goes in steps from larger ids to smaller ones. */
export interface Listing {
  /** Undefined lists every fragment. */
  readonly terms: TermNode | undefined;
  /** The smallest id to list. */
  readonly first: number;
  /** By segment, the matching ids, kept for the next steps. */
  readonly found: Map<number, Float64Array>;
}

export function createListing(terms: TermNode | undefined, first: number): Listing {
  return { terms, first, found: new Map() };
}

/** One step of a listing. */
export interface Step {
  /** Newest start first. */
  readonly places: readonly Place[];
  /** The largest id that a later step may list; undefined after the last step. */
  readonly rest: number | undefined;
}

/**
 * Lists about `wanted` fragments with ids up to `last`. A step never splits a time window, since the ids within a window
 * follow the order of arrival, not of time.
 */
export type ListStep = (listing: Listing, last: number, wanted: number) => Step;

/** Ascending ids, and the index of the largest that is not listed yet. */
interface Source {
  readonly ids: ArrayLike<number>;
  at: number;
}

export function createListStep(db: Connection, cache: SegmentCache): ListStep {
  const segments = createSegmentLookup(db, cache);
  const every = createEveryFragment(db);
  const old = createOldIndex(db);
  const placeOf = db.prepare(`SELECT ${placeColumns} FROM fragment f WHERE f.id = ?`);

  const listMatching = (listing: Listing, terms: TermNode, last: number, wanted: number): Step => {
    const { first } = listing;
    const unread = segments.overlapping(first, last);
    forgetOthers(listing.found, unread);
    const idsOf = (segment: Segment): Float64Array => {
      let ids = listing.found.get(segment.id);
      if (ids === undefined) {
        ids = segments.find(segment, terms, first, last);
        listing.found.set(segment.id, ids);
      }
      return ids;
    };

    const older = old(terms, first, last, wanted);
    const sources: Source[] = [sourceOf(older.ids, last)];
    const places: Place[] = [];
    let listed: number | undefined;
    for (let next = 0; ; ) {
      const source = latest(sources);
      const id = source?.ids[source.at] ?? -1;
      const segment = unread[next];
      if (segment !== undefined && segment.lastId >= id) {
        sources.push(sourceOf(idsOf(segment), last));
        next++;
        continue;
      }
      if (source === undefined || id < older.completeFrom) {
        return inOrder(places, older.completeFrom > first ? older.completeFrom - 1 : undefined);
      }
      if (listed !== undefined && places.length >= wanted && windowOfId(id) < windowOfId(listed)) {
        return inOrder(places, id);
      }
      source.at--;
      // Two segments list an id that was reused after a deletion.
      if (id === listed) continue;
      listed = id;
      const place = placeOf.get(id) as Place | undefined;
      if (place !== undefined) places.push(place);
    }
  };
  // One transaction, since the writer may merge segments at any time.
  return db.transaction((listing: Listing, last: number, wanted: number): Step => {
    const { terms, first } = listing;
    return terms === undefined ? every(first, last, wanted) : listMatching(listing, terms, last, wanted);
  }).deferred;
}

function inOrder(places: Place[], rest: number | undefined): Step {
  return { places: places.sort((a, b) => newestMillis(b) - newestMillis(a)), rest };
}

function forgetOthers(found: Map<number, Float64Array>, segments: readonly Segment[]): void {
  if (found.size === 0) return;
  const known = new Set(segments.map(({ id }) => id));
  for (const id of found.keys()) if (!known.has(id)) found.delete(id);
}

function sourceOf(ids: ArrayLike<number>, last: number): Source {
  let low = 0;
  let high = ids.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ids[middle] as number) <= last) low = middle + 1;
    else high = middle;
  }
  return { ids, at: low - 1 };
}

/** The source with the largest id. */
function latest(sources: readonly Source[]): Source | undefined {
  let found: Source | undefined;
  let largest = -1;
  for (const source of sources) {
    const id = source.at < 0 ? -1 : (source.ids[source.at] as number);
    if (id <= largest) continue;
    largest = id;
    found = source;
  }
  return found;
}

function createEveryFragment(db: Connection): (first: number, last: number, wanted: number) => Step {
  const all = db.prepare(
    `SELECT ${placeColumns} FROM fragment f WHERE f.id BETWEEN ? AND ? ORDER BY f.id DESC LIMIT ?`,
  );
  return (first, last, wanted) => {
    const places = all.all(first, last, wanted) as Place[];
    const end = places[wanted - 1];
    if (end === undefined) return inOrder(places, undefined);
    const windowStart = Math.max(first, firstIdOf(windowOfId(end.id)));
    if (end.id > windowStart) places.push(...(all.all(windowStart, end.id - 1, -1) as Place[]));
    return inOrder(places, windowStart > first ? windowStart - 1 : undefined);
  };
}

/** Ids from the index of schema versions before 3, complete from `completeFrom` on. */
interface OldIds {
  readonly ids: readonly number[];
  readonly completeFrom: number;
}

/** Looks up fragments in the FTS5 table, the index of schema versions before 3. */
function createOldIndex(
  db: Connection,
): (terms: TermNode, first: number, last: number, wanted: number) => OldIds {
  const isUsed = db.prepare("SELECT 1 FROM term_docsize LIMIT 1").pluck();
  const matching = db
    .prepare(
      `SELECT rowid FROM term WHERE term MATCH ? AND rowid BETWEEN ? AND ? ORDER BY rowid DESC LIMIT ?`,
    )
    .pluck();
  return (terms, first, last, wanted) => {
    if (isUsed.get() === undefined) return { ids: [], completeFrom: first };
    // The driver binds numbers as REAL, but FTS5 ignores REAL bounds and would walk the whole list.
    const list = (from: number, to: number, limit: number): number[] =>
      matching.all(matchExpression(terms), BigInt(from), BigInt(to), limit) as number[];
    const ids = list(first, last, wanted);
    const end = ids[wanted - 1];
    if (end === undefined) return { ids: ids.reverse(), completeFrom: first };
    const windowStart = Math.max(first, firstIdOf(windowOfId(end)));
    if (end > windowStart) ids.push(...list(windowStart, end - 1, -1));
    return { ids: ids.reverse(), completeFrom: windowStart };
  };
}
