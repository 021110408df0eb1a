import {
  type CandidateSearch,
  type CandidateWindow,
  type EngineReader,
  type Fragment,
  isImpossible,
  type Operation,
  requiredTerms,
  throwIfAborted,
} from "@spanstore/core";
import type { Database as Connection } from "better-sqlite3";
import { createBlockCache, decompressBlock } from "./blocks.js";
import { storeError } from "./errors.js";
import { matchExpression } from "./lower.js";
import { firstIdAt, lastIdAt, newestBelow } from "./row-ids.js";
import { createTurns } from "./turns.js";

/** Candidates are listed in windows that double from a little above the limit up to this. */
const maxListed = 2048;
/** Fragments are read and handed over this many at a time. */
const fragmentsPerWindow = 32;

/** A fragment's place, as its row has it. */
export interface Place {
  readonly id: bigint;
  readonly trace_id: Buffer;
  readonly block_id: bigint;
  readonly offset: bigint;
  readonly length: bigint;
}

const placeColumns = "f.id, f.trace_id, f.block_id, f.offset, f.length";

export type SqliteReader = Omit<EngineReader, "dependencies"> & FragmentAccess;

/** Reads of single fragments, for those who know which. */
export interface FragmentAccess {
  readonly load: (place: Place) => Uint8Array | undefined;
  readonly placesOfTrace: (traceId: Buffer, afterId: bigint, limit: number) => Place[];
}

export function createReader(db: Connection): SqliteReader {
  const list = db
    .prepare(`SELECT ${placeColumns} FROM fragment f WHERE f.id BETWEEN ? AND ? ORDER BY f.id DESC LIMIT ?`)
    .safeIntegers();
  const match = db
    .prepare(
      `SELECT ${placeColumns} FROM term CROSS JOIN fragment f ON f.id = term.rowid
       WHERE term MATCH ? AND term.rowid BETWEEN ? AND ? ORDER BY term.rowid DESC LIMIT ?`,
    )
    .safeIntegers();
  const ofTrace = db
    .prepare(`SELECT ${placeColumns} FROM fragment f WHERE f.trace_id = ? AND f.id > ? ORDER BY f.id LIMIT ?`)
    .safeIntegers();
  const displacement = db.prepare("SELECT value FROM counter WHERE name = 'displacement'").pluck().safeIntegers();
  const blockById = db.prepare("SELECT size, data FROM block WHERE id = ?");
  const services = db.prepare("SELECT DISTINCT service FROM operation").pluck();
  const operations = db.prepare("SELECT name, kind AS spanKind FROM operation WHERE service = ?");
  const snapshot = createSnapshot(db);

  const blockOf = createBlockCache((id) => {
    const row = blockById.get(id) as { size: number; data: Buffer } | undefined;
    return row === undefined ? undefined : decompressBlock(row.data, row.size);
  });

  /** A fragment's bytes; undefined when it was deleted since its place was read. */
  const load = (place: Place): Uint8Array | undefined => {
    const block = blockOf(Number(place.block_id));
    const offset = Number(place.offset);
    return block?.subarray(offset, offset + Number(place.length));
  };

  const loadAll = (places: readonly Place[]): Fragment[] => {
    const fragments: Fragment[] = [];
    for (const place of places) {
      const encoded = load(place);
      if (encoded !== undefined) fragments.push({ traceId: place.trace_id.toString("hex"), encoded });
    }
    return fragments;
  };

  const placesOfTrace = (traceId: Buffer, afterId: bigint, limit: number): Place[] =>
    ofTrace.all(traceId, afterId, limit) as Place[];

  return {
    load,
    placesOfTrace,

    async *candidates(search: CandidateSearch, signal): AsyncGenerator<CandidateWindow, void> {
      const terms = requiredTerms(search.predicate);
      if (terms !== undefined && isImpossible(terms)) return;
      const expression = terms === undefined ? undefined : matchExpression(terms);
      const turns = createTurns();
      const first = firstIdAt(search.startTimeMinUnixNano);
      let last = lastIdAt(search.startTimeMaxUnixNano, displacement.get() as bigint);
      for (let listed = listSize(search.limit); last >= first; listed = Math.min(listed * 2, maxListed)) {
        const places = reading(
          () => (expression === undefined ? list.all(first, last, listed) : match.all(expression, first, last, listed)) as Place[],
        );
        for (let i = 0; i < places.length; i += fragmentsPerWindow) {
          const window = places.slice(i, i + fragmentsPerWindow);
          const oldest = (window[window.length - 1] as Place).id;
          const fragments = reading(() => snapshot(() => loadAll(window)));
          yield { fragments, laterStartAtMostUnixNano: newestBelow(oldest - 1n) };
          await turns();
          throwIfAborted(signal);
        }
        if (places.length < listed) return;
        last = (places[places.length - 1] as Place).id - 1n;
      }
    },

    async *fragments(traceIds, signal): AsyncGenerator<readonly Fragment[], void> {
      const turns = createTurns();
      for (const traceId of traceIds) {
        const key = Buffer.from(traceId, "hex");
        for (let after = -1n; ; ) {
          const { places, fragments } = reading(() =>
            snapshot(() => {
              const found = placesOfTrace(key, after, fragmentsPerWindow);
              return { places: found, fragments: loadAll(found) };
            }),
          );
          if (fragments.length > 0) yield fragments;
          await turns();
          throwIfAborted(signal);
          if (places.length < fragmentsPerWindow) break;
          after = (places[places.length - 1] as Place).id;
        }
      }
    },

    services: async () => reading(() => services.all() as string[]),
    operations: async (service) => reading(() => operations.all(service) as Operation[]),
  };
}

function listSize(limit: number): number {
  return Math.min(Math.max(limit + (limit >> 1), fragmentsPerWindow), maxListed);
}

/** Runs several statements on one state of the database. */
function createSnapshot(db: Connection): <T>(read: () => T) => T {
  const begin = db.prepare("BEGIN");
  const commit = db.prepare("COMMIT");
  return (read) => {
    begin.run();
    try {
      return read();
    } finally {
      commit.run();
    }
  };
}

function reading<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw storeError(error, "cannot read");
  }
}
