import type { Operation } from "@spanstore/core";
import {
  batchEnd,
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

/** The number of candidates of a step starts a little above the limit and doubles up to this. */
const maxListed = 2048;
/** At most this many fragments make a batch. */
const fragmentsPerBatch = 32;
/**
 * The first batch of a search has as many fragments as traces are wanted. When all of them match, a few more prove that the
 * rest is older, so the second batch has this many, and each later one twice as many.
 */
const fewestPerBatch = 4;
/** A batch has at most this many bytes, or a single larger fragment. */
const bytesPerBatch = 1024 * 1024;
/** A trace of more fragments than this is large. */
const manyFragments = 64;

export function createReader(space: Space): Omit<EngineReader, "dependencies" | "rollups"> {
  const statements = space.of((db) => ({
    fragmentReader: createFragmentReader(db, space.blocks),
    // Reads large traces, past the cache of blocks.
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
          const batch = nextPlaces(places, i, perBatch);
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
            const batch = nextPlaces(places, at, fragmentsPerBatch);
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

/** The next batch of places, of at most `bytesPerBatch`. */
function nextPlaces(places: readonly Place[], from: number, most: number): readonly Place[] {
  return places.slice(
    from,
    batchEnd(places, from, most, bytesPerBatch, ({ length }) => length),
  );
}

/** The latest start that a span of the remaining candidates can have, whether listed already or not. */
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
