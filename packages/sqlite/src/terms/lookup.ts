import type { TermNode } from "@spanstore/core/engine";
import type { Database as Connection } from "better-sqlite3";
import type { SpaceCache } from "../schema/space-cache.js";
import {
  decodeKeys,
  decodeSegmentIds,
  emptyOrdinals,
  keyOf,
  type Ordinals,
  PageCursor,
  pageOfKey,
} from "./postings.js";
import { createPageReader, rowOfIds, rowOfKeys, rowOfPage } from "./segment-pages.js";
import { type Segment, segmentColumns } from "./segments.js";

/** The segments' ids and the first terms of their pages, by row of `segment_page`. */
export type SegmentCache = SpaceCache<Float64Array | Uint32Array>;

/** Finds fragments by their terms. */
export interface SegmentLookup {
  /** The segments whose ids overlap a range, by their last id, largest first. */
  readonly overlapping: (first: number, last: number) => Segment[];
  /** The ascending ids, within a range, of a segment's fragments that have the terms. */
  readonly find: (segment: Segment, terms: TermNode, first: number, last: number) => Float64Array;
}

const none = new Float64Array(0);

export function createSegmentLookup(db: Connection, cache: SegmentCache): SegmentLookup {
  const overlapping = db.prepare(
    `SELECT ${segmentColumns} FROM segment WHERE last_id >= ? AND first_id <= ? ORDER BY last_id DESC`,
  );
  const readPage = createPageReader(db);
  const cursor = new PageCursor();

  /** The ordinals of the fragments that have a term; undefined when none has. */
  const ofTerm = ({ id, fragments }: Segment, key: number): Ordinals | undefined => {
    const firstKeys = cache(rowOfKeys(id), (row) => decodeKeys(readPage(row)));
    const at = pageOfKey(firstKeys, key);
    if (at < 0) return undefined;
    cursor.open(readPage(rowOfPage(id, at)), firstKeys[at] as number);
    while (cursor.next()) {
      if (cursor.key < key) continue;
      if (cursor.key > key) return undefined;
      const found = emptyOrdinals(fragments);
      cursor.addTo(found);
      return found;
    }
    return undefined;
  };

  const evaluate = (segment: Segment, node: TermNode): Ordinals | undefined => {
    if ("term" in node) return ofTerm(segment, keyOf(node.term));
    let found: Ordinals | undefined;
    if ("any" in node) {
      for (const part of node.any) {
        const other = evaluate(segment, part);
        if (found === undefined || other === undefined) found ??= other;
        else for (let i = 0; i < found.length; i++) found[i] = (found[i] as number) | (other[i] as number);
      }
      return found;
    }
    for (const part of node.all) {
      const other = evaluate(segment, part);
      if (other === undefined) return undefined;
      if (found === undefined) {
        found = other;
        continue;
      }
      let left = 0;
      for (let i = 0; i < found.length; i++) {
        const both = (found[i] as number) & (other[i] as number);
        found[i] = both;
        left |= both;
      }
      if (left === 0) return undefined;
    }
    return found;
  };

  return {
    overlapping: (first, last) => overlapping.all(first, last) as Segment[],
    find: (segment, terms, first, last) => {
      const found = evaluate(segment, terms);
      if (found === undefined) return none;
      const ids = cache(rowOfIds(segment.id), (row) => decodeSegmentIds(readPage(row), segment.fragments));
      return idsIn(found, ids, first, last);
    },
  };
}

function idsIn(found: Ordinals, ids: Float64Array, first: number, last: number): Float64Array {
  const matching = new Float64Array(ids.length);
  let count = 0;
  for (let word = 0; word < found.length; word++) {
    for (let bits = found[word] as number; bits !== 0; bits &= bits - 1) {
      const id = ids[word * 32 + 31 - Math.clz32(bits & -bits)] as number;
      if (id >= first && id <= last) matching[count++] = id;
    }
  }
  return matching.slice(0, count);
}
