import { SpanStoreError } from "@spanstore/core";
import type { TermSet } from "@spanstore/core/engine";
import type { Database as Connection } from "better-sqlite3";
import { TermPairs } from "./pairs.js";
import {
  decodeKeys,
  decodeSegmentIds,
  encodeKeys,
  encodeSegmentIds,
  maxFragments,
  PageCursor,
  PageWriter,
} from "./postings.js";
import {
  createPageReader,
  createPageTable,
  type ReadPage,
  rowOfIds,
  rowOfKeys,
  rowOfPage,
} from "./segment-pages.js";

/** Fragments whose terms are indexed together. Segments never change; several are merged into a new one. */
export interface Segment {
  readonly id: number;
  /** The smallest and the largest id of its fragments. */
  readonly firstId: number;
  readonly lastId: number;
  readonly fragments: number;
  /** Its pages of postings. */
  readonly pages: number;
}

/** The columns of a {@link Segment}. */
export const segmentColumns = "id, first_id AS firstId, last_id AS lastId, fragments, pages";

/** A fragment to be indexed. */
export interface IndexedFragment {
  readonly id: number;
  readonly terms: TermSet;
}

/** The pairs that are sorted at once: some 16 MB of them. */
const maxPairs = 1 << 20;

/** So many segments of a level are merged: those of fewer than 8, 64 and 512 fragments. */
const segmentsPerMerge = 8;
const levelBits = 3;
const topLevel = 3;
/** The larger ones are merged into one of at least so many fragments or pages, which stays as it is. */
const finalFragments = maxFragments / 2;
const finalPages = 2048;
/** Fragments have about as many terms. */
const fragmentsPerPage = 4;

/** Writes segments; all of it belongs into a transaction of the caller. */
export interface SegmentWriter {
  /** Indexes fragments, given in ascending order of their ids. */
  readonly add: (fragments: readonly IndexedFragment[]) => void;
  readonly remove: (segment: number) => void;
}

export function createSegmentWriter(db: Connection): SegmentWriter {
  const insertSegment = db.prepare(
    "INSERT INTO segment (first_id, last_id, fragments, pages) VALUES (?, ?, ?, 0)",
  );
  const notePages = db.prepare("UPDATE segment SET pages = ? WHERE id = ?");
  const table = createPageTable(db);
  const readPage = createPageReader(db);
  const removeSegment = db.prepare("DELETE FROM segment WHERE id = ?");
  const growing = db.prepare(
    `SELECT ${segmentColumns} FROM segment
     WHERE fragments < ${finalFragments} AND pages < ${finalPages} ORDER BY id`,
  );
  const pairs = new TermPairs();

  /** Makes a segment of fragments with these ids; `fill` writes its postings. */
  const make = (ids: Float64Array, fill: (pages: PageWriter) => void): void => {
    const { lastInsertRowid } = insertSegment.run(ids[0], ids[ids.length - 1], ids.length);
    const id = Number(lastInsertRowid);
    let pages = 0;
    const writer = new PageWriter((data) => table.insert(rowOfPage(id, pages++), data));
    fill(writer);
    writer.flush();
    table.insert(rowOfKeys(id), encodeKeys(writer.firstKeys));
    table.insert(rowOfIds(id), encodeSegmentIds(ids));
    notePages.run(pages, id);
  };

  const write = (fragments: readonly IndexedFragment[]): void => {
    pairs.length = 0;
    fragments.forEach(({ terms }, ordinal) => {
      pairs.add(ordinal, terms);
    });
    pairs.sort();
    make(
      Float64Array.from(fragments, ({ id }) => id),
      (pages) => {
        const { keys, ordinals, length } = pairs;
        for (let start = 0; start < length; ) {
          const key = keys[start] as number;
          // Two terms of a fragment may have the same key.
          let end = start + 1;
          let next = end;
          while (next < length && keys[next] === key) {
            const ordinal = ordinals[next++] as number;
            if (ordinal !== ordinals[end - 1]) ordinals[end++] = ordinal;
          }
          pages.add(key, ordinals, start, end);
          start = next;
        }
      },
    );
  };

  const remove = (segment: number): void => {
    removeSegment.run(segment);
    table.remove(segment);
  };

  const merge = db.transaction((segments: readonly Segment[]): void => {
    const inputs = [...segments]
      .sort((a, b) => a.firstId - b.firstId)
      .map((segment) => createMergeInput(segment, readPage));
    const ids = mergeIds(inputs);
    const gathered = new Uint32Array(inputs.length * maxFragments);
    make(ids, (pages) => {
      let left = inputs.filter((input) => input.next());
      while (left.length > 0) {
        let key = Number.POSITIVE_INFINITY;
        for (const { cursor } of left) if (cursor.key < key) key = cursor.key;
        let count = 0;
        let hasEnded = false;
        for (const input of left) {
          if (input.cursor.key !== key) continue;
          count = input.cursor.copyTo(gathered, count, input.places);
          if (!input.next()) {
            input.ended = true;
            hasEnded = true;
          }
        }
        pages.add(key, gathered, 0, ascending(gathered, count));
        if (hasEnded) left = left.filter(({ ended }) => !ended);
      }
    });
    for (const { id } of segments) remove(id);
  });

  /** Segments with a damaged page: writes go on without merging them. */
  const damaged = new Set<number>();
  const mergeIntact = (segments: readonly Segment[]): void => {
    try {
      merge(segments);
    } catch (error) {
      if (!(error instanceof SpanStoreError) || error.code !== "CORRUPT") throw error;
      for (const { id } of segments) damaged.add(id);
    }
  };

  /** Merges what is to be merged, so that a search has few segments to look at. */
  const compact = (): void => {
    for (;;) {
      const chosen = toMerge((growing.all() as Segment[]).filter(({ id }) => !damaged.has(id)));
      if (chosen === undefined) return;
      mergeIntact(chosen);
    }
  };

  return {
    add: (fragments) => {
      for (let start = 0; start < fragments.length; ) {
        let end = start;
        for (let size = 0; end < fragments.length && end - start < finalFragments; end++) {
          size += (fragments[end] as IndexedFragment).terms.size;
          if (end > start && size > maxPairs) break;
        }
        write(fragments.slice(start, end));
        start = end;
      }
      compact();
    },
    remove,
  };
}

/** The segments of the lowest level that has enough of them. */
function toMerge(segments: readonly Segment[]): readonly Segment[] | undefined {
  for (let level = 0; level <= topLevel; level++) {
    const chosen: Segment[] = [];
    let fragments = 0;
    let pages = 0;
    for (const segment of segments) {
      if (levelOf(segment) !== level) continue;
      chosen.push(segment);
      fragments += segment.fragments;
      pages += segment.pages;
      const isEnough =
        level < topLevel
          ? chosen.length === segmentsPerMerge
          : chosen.length > 1 && (fragments >= finalFragments || pages >= finalPages);
      if (isEnough) return chosen;
    }
  }
  return undefined;
}

function levelOf({ fragments, pages }: Segment): number {
  const size = Math.max(fragments, pages * fragmentsPerPage);
  return Math.min(topLevel, Math.floor((31 - Math.clz32(size)) / levelBits));
}

interface MergeInput {
  readonly ids: Float64Array;
  /** Where each fragment stands in the new segment. */
  readonly places: Uint32Array;
  readonly cursor: PageCursor;
  /** Goes to the next term; false at the end. */
  readonly next: () => boolean;
  ended: boolean;
}

function createMergeInput({ id, fragments }: Segment, readPage: ReadPage): MergeInput {
  const ids = decodeSegmentIds(readPage(rowOfIds(id)), fragments);
  const firstKeys = decodeKeys(readPage(rowOfKeys(id)));
  const cursor = new PageCursor();
  let pages = 0;
  return {
    ids,
    places: new Uint32Array(ids.length),
    cursor,
    next: () => {
      while (!cursor.next()) {
        if (pages === firstKeys.length) return false;
        cursor.open(readPage(rowOfPage(id, pages)), firstKeys[pages] as number);
        pages++;
      }
      return true;
    },
    ended: false,
  };
}

/** All ids in ascending order; fills in the places. An id that was given a second time after a deletion stands once. */
function mergeIds(inputs: readonly MergeInput[]): Float64Array {
  const all = new Float64Array(inputs.reduce((sum, { ids }) => sum + ids.length, 0));
  const at = inputs.map(() => 0);
  let count = 0;
  for (;;) {
    let id = Number.POSITIVE_INFINITY;
    inputs.forEach(({ ids }, i) => {
      id = Math.min(id, ids[at[i] as number] ?? id);
    });
    if (id === Number.POSITIVE_INFINITY) return all.slice(0, count);
    inputs.forEach(({ ids, places }, i) => {
      const next = at[i] as number;
      if (ids[next] !== id) return;
      places[next] = count;
      at[i] = next + 1;
    });
    all[count++] = id;
  }
}

/** Sorts ordinals where they are not sorted, and drops copies; answers how many are left. */
function ascending(ordinals: Uint32Array, count: number): number {
  let isAscending = true;
  for (let i = 1; i < count && isAscending; i++) {
    isAscending = (ordinals[i - 1] as number) < (ordinals[i] as number);
  }
  if (isAscending) return count;
  ordinals.subarray(0, count).sort();
  let kept = 1;
  for (let i = 1; i < count; i++) {
    if (ordinals[i] !== ordinals[kept - 1]) ordinals[kept++] = ordinals[i] as number;
  }
  return kept;
}
