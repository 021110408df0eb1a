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
import { storeError } from "../connection/errors.js";
import { endOfWindow, firstIdOf, lastIdUntil, startAtMost, windowOf, windowOfId } from "../schema/ids.js";
import type { Space } from "../schema/space.js";
import { createFragmentReader, type Place } from "./fragments.js";
import { createListing, createListStep } from "./listing.js";

/** Candidates are listed in numbers that double from a little above the limit up to this. */
const maxListed = 2048;
/** Fragments are read and handed over this many at a time. */
const fragmentsPerBatch = 32;
/**
 * A search begins with as many as traces are wanted, and goes on with few, twice as many each time: when all of the first match,
 * the next few tell that the rest is older.
 */
const fewestPerBatch = 4;
/** ... and no more bytes of them, one fragment excepted. */
const bytesPerBatch = 1024 * 1024;
/** A trace of more fragments than this is large. */
const manyFragments = 64;

export function createReader(space: Space): Omit<EngineReader, "dependencies" | "rollups"> {
  const statements = space.of((db) => ({
    fragmentReader: createFragmentReader(db, space.blocks),
    // A large trace is read once from end to end.
    passingReader: createFragmentReader(db, space.passing),
    listStep: createListStep(db, space.segments),
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
      const turns = createTurns();
      let perBatch = Math.min(fragmentsPerBatch, Math.max(search.limit, fewestPerBatch));
      let nextBatch = fewestPerBatch;
      const listing = createListing(terms, firstIdOf(windowOf(search.startTimeMinUnixNano)));
      let last: number | undefined = lastIdUntil(
        search.startTimeMaxUnixNano,
        reading(() => statements().displacement.get() as number),
      );
      for (let wanted = listSize(search.limit); last !== undefined && last >= listing.first; ) {
        const upTo: number = last;
        const { places, rest } = reading(() => statements().listStep(listing, upTo, wanted));
        for (let i = 0; i < places.length; ) {
          const batch = firstBatch(places, i, perBatch);
          i += batch.length;
          perBatch = nextBatch;
          nextBatch = Math.min(nextBatch * 2, fragmentsPerBatch);
          const fragments = reading(() => statements().fragmentReader.load(batch));
          yield { fragments, laterStartAtMostUnixNano: later(places[i], rest) };
          await turns();
          throwIfAborted(signal);
        }
        last = rest;
        wanted = Math.min(wanted * 2, maxListed);
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

/** How late a span may start that is not yet handed over: in the next place, or in the rest of the listing. */
function later(next: Place | undefined, rest: number | undefined): bigint {
  const unlisted = rest === undefined ? 0n : endOfWindow(windowOfId(rest));
  const listed = next === undefined ? 0n : startAtMost(next);
  return listed > unlisted ? listed : unlisted;
}

function listSize(limit: number): number {
  return Math.min(Math.max(limit + (limit >> 1), fragmentsPerBatch), maxListed);
}

function reading<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw storeError(error, "cannot read");
  }
}
