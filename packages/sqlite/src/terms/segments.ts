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

/** Fragments whose terms are indexed together. Segments are immutable; compaction merges several into a new one. */
export interface Segment {
  readonly id: number;
  /** The smallest id of its fragments; `lastId` is the largest. */
  readonly firstId: number;
  readonly lastId: number;
  readonly fragments: number;
  /** The number of its pages of postings. */
  readonly pages: number;
}

/** The columns of a {@link Segment}. */
export const segmentColumns = "id, first_id AS firstId, last_id AS lastId, fragments, pages";

/** A fragment to index. */
export interface IndexedFragment {
  readonly id: number;
  readonly terms: TermSet;
}

/** The most pairs that are sorted at once: about 16 MB. */
const maxPairs = 1 << 20;

/** Segments of fewer than 8, 64 and 512 fragments form three levels; this many of a level are merged. */
const segmentsPerMerge = 8;
const levelBits = 3;
const topLevel = 3;
/** Larger segments are merged once they have this many fragments or pages together; the result is final. */
const finalFragments = maxFragments / 2;
const finalPages = 2048;
/** A page of postings weighs as much as this many fragments when the level of a segment is chosen. */
const fragmentsPerPage = 4;

/** Writes segments. The caller runs the transaction. */
export interface SegmentWriter {
  /** Indexes fragments, which must ascend by id. */
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

  /** Writes a segment of the fragments with these ids; `fill` writes its postings. */
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

  /** Segments with a damaged page. They are not merged, so that writes go on. */
  const damaged = new Set<number>();
  const mergeIntact = (segments: readonly Segment[]): void => {
    try {
      merge(segments);
    } catch (error) {
      if (!(error instanceof SpanStoreError) || error.code !== "CORRUPT") throw error;
      for (const { id } of segments) damaged.add(id);
    }
  };

  /** Merges segments, so that a search reads few of them. */
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

/** The segments to merge, from the lowest level that has enough of them. */
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
  /** The ordinal of each fragment in the new segment. */
  readonly places: Uint32Array;
  readonly cursor: PageCursor;
  /** Moves to the next term; false at the end. */
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

/** Merges the ids in ascending order and fills in `places`. An id that was reused after a deletion appears once. */
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

/** Sorts ordinals and drops duplicates, unless they ascend already. @returns how many are left. */
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
