import type { Operation } from "@spanstore/core";
import {
  type CandidateBatch,
  type CandidateSearch,
  createTurns,
  type EngineReader,
  type Fragment,
  isImpossible,
  requiredTerms,
  throwIfAborted,
} from "@spanstore/core/engine";
import type { Database as Connection } from "better-sqlite3";
import { storeError } from "../connection/errors.js";
import {
  endOfWindow,
  firstIdOf,
  lastIdUntil,
  newestMillis,
  startAtMost,
  windowOf,
  windowOfId,
} from "../schema/ids.js";
import type { Space } from "../schema/space.js";
import { matchExpression } from "../terms/lower.js";
import { createFragmentReader, type Place, placeColumns } from "./fragments.js";

/** Candidates are listed in numbers that double from a little above the limit up to this. */
const maxListed = 2048;
/** Fragments are read and handed over this many at a time, and fewer where fewer traces are wanted. */
const fragmentsPerBatch = 32;
const fewestPerBatch = 8;
/** ... and no more bytes of them, one fragment excepted. */
const bytesPerBatch = 1024 * 1024;
/** A trace of more fragments than this is large. */
const manyFragments = 64;

export function createReader(space: Space): Omit<EngineReader, "dependencies" | "rollups"> {
  const statements = space.of((db) => ({
    fragmentReader: createFragmentReader(db, space.blocks),
    // A large trace is read once from end to end.
    passingReader: createFragmentReader(db, space.passing),
    listPlaces: createListing(db),
    displacement: db.prepare("SELECT value FROM counter WHERE name = 'displacement'").pluck(),
    lastBlock: db.prepare("SELECT seq FROM sqlite_sequence WHERE name = 'block'").pluck(),
    services: db.prepare("SELECT DISTINCT service FROM operation").pluck(),
    operations: db.prepare("SELECT name, kind AS spanKind FROM operation WHERE service = ?"),
  }));

  return {
    sequence: async () => reading(() => (statements().lastBlock.get() as number | undefined) ?? 0),

    async *candidates(search: CandidateSearch, signal): AsyncGenerator<CandidateBatch, void> {
      const terms = requiredTerms(search.predicate);
      if (terms !== undefined && isImpossible(terms)) return;
      const expression = terms === undefined ? undefined : matchExpression(terms);
      const turns = createTurns();
      const perBatch = Math.min(fragmentsPerBatch, Math.max(search.limit, fewestPerBatch));
      const first = firstIdOf(windowOf(search.startTimeMinUnixNano));
      let last = lastIdUntil(
        search.startTimeMaxUnixNano,
        reading(() => statements().displacement.get() as number),
      );
      for (let wanted = listSize(search.limit); last >= first; wanted = Math.min(wanted * 2, maxListed)) {
        const places = reading(() => statements().listPlaces(expression, first, last, wanted));
        for (let i = 0; i < places.length; ) {
          const batch = firstBatch(places, i, perBatch);
          i += batch.length;
          const fragments = reading(() => statements().fragmentReader.load(batch));
          yield { fragments, laterStartAtMostUnixNano: later(places[i], places) };
          await turns();
          throwIfAborted(signal);
        }
        if (places.length < wanted) return;
        last = firstIdOf(lastWindowOf(places)) - 1;
      }
    },

    async *fragments(traceIds, signal): AsyncGenerator<readonly Fragment[], void> {
      const turns = createTurns();
      for (const traceId of traceIds) {
        const ids = reading(() => statements().fragmentReader.idsOfTrace(Buffer.from(traceId, "hex")));
        const reader = ids.length > manyFragments ? "passingReader" : "fragmentReader";
        for (let i = 0; i < ids.length; i += fragmentsPerBatch) {
          const places = reading(() => statements()[reader].placesOf(ids.slice(i, i + fragmentsPerBatch)));
          for (let at = 0; at < places.length; ) {
            const batch = firstBatch(places, at, fragmentsPerBatch);
            at += batch.length;
            yield reading(() => statements()[reader].load(batch));
            await turns();
            throwIfAborted(signal);
          }
        }
      }
    },

    services: async () => reading(() => statements().services.all() as string[]),
    operations: async (service) => reading(() => statements().operations.all(service) as Operation[]),
  };
}

/** The places from an index on that are read together: at least one, and no more than so many or than the bytes allow. */
function firstBatch(places: readonly Place[], from: number, most: number): readonly Place[] {
  let end = from;
  for (let bytes = 0; end < places.length && end < from + most; end++) {
    bytes += (places[end] as Place).length;
    if (end > from && bytes > bytesPerBatch) break;
  }
  return places.slice(from, end);
}

/** The time window that a listing ended with; what follows lies in earlier ones. */
function lastWindowOf(places: readonly Place[]): number {
  return places.reduce((window, { id }) => Math.min(window, windowOfId(id)), Number.POSITIVE_INFINITY);
}

/** How late a span may start that is not yet listed: in the next place, or in an earlier window than these. */
function later(next: Place | undefined, places: readonly Place[]): bigint {
  const unlisted = endOfWindow(lastWindowOf(places) - 1);
  const listed = next === undefined ? 0n : startAtMost(next);
  return listed > unlisted ? listed : unlisted;
}

function listSize(limit: number): number {
  return Math.min(Math.max(limit + (limit >> 1), fragmentsPerBatch), maxListed);
}

/**
 * Lists places between two ids, newest start first: about `wanted` of them, and always all that match of
 * the last time window, since ids within a window are in the order of arrival. Fewer than wanted means
 * that there are no more.
 */
function createListing(
  db: Connection,
): (expression: Buffer | undefined, first: number, last: number, wanted: number) => Place[] {
  const all = db.prepare(
    `SELECT ${placeColumns} FROM fragment f WHERE f.id BETWEEN ? AND ? ORDER BY f.id DESC LIMIT ?`,
  );
  const matching = db.prepare(
    `SELECT ${placeColumns} FROM term CROSS JOIN fragment f ON f.id = term.rowid
     WHERE term MATCH ? AND term.rowid BETWEEN ? AND ? ORDER BY term.rowid DESC LIMIT ?`,
  );
  // A number is bound as a REAL, and of such bounds FTS5 takes no notice: it would walk the whole list.
  const list = (expression: Buffer | undefined, first: number, last: number, limit: number): Place[] =>
    (expression === undefined
      ? all.all(first, last, limit)
      : matching.all(expression, BigInt(first), BigInt(last), limit)) as Place[];

  return (expression, first, last, wanted) => {
    const places = list(expression, first, last, wanted);
    if (places.length === wanted) {
      const { id } = places[places.length - 1] as Place;
      const windowStart = Math.max(first, firstIdOf(windowOfId(id)));
      if (id > windowStart) places.push(...list(expression, windowStart, id - 1, -1));
    }
    return places.sort((a, b) => newestMillis(b) - newestMillis(a));
  };
}

function reading<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw storeError(error, "cannot read");
  }
}
