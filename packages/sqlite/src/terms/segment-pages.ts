import { SpanStoreError } from "@spanstore/core";
import type { Database as Connection } from "better-sqlite3";
import { checksumOf } from "../schema/checksum.js";

/** The rows of a segment's pages: its number with 16 bits behind it. Two pages come before those of postings. */
const pagesPerSegment = 1 << 16;
const idsPage = 1;
const firstPosting = 2;

export function rowOfKeys(segment: number): number {
  return segment * pagesPerSegment;
}
export function rowOfIds(segment: number): number {
  return segment * pagesPerSegment + idsPage;
}
export function rowOfPage(segment: number, page: number): number {
  return segment * pagesPerSegment + firstPosting + page;
}

/**
 * Gives the page in a row.
 * @throws CORRUPT when it is not what was written. A damaged page must not pass for one with fewer matches.
 */
export type ReadPage = (row: number) => Buffer;

export function createPageReader(db: Connection): ReadPage {
  const page = db.prepare("SELECT data, checksum FROM segment_page WHERE id = ?");
  return (row) => {
    const found = page.get(row) as StoredPage | undefined;
    if (found !== undefined && isIntact(found)) return found.data;
    throw new SpanStoreError("CORRUPT", "a page of the index is not what was written", {
      hint: "searches that read it fail until its spans are deleted; traces can be read by id: export them into a new file",
    });
  };
}

interface StoredPage {
  readonly data: Buffer;
  /** Null in rows that are older than the column. */
  readonly checksum: number | null;
}

function isIntact({ data, checksum }: StoredPage): boolean {
  return checksum === null || checksumOf(data) === checksum;
}

/** Writes pages; within a transaction of the caller. */
export interface PageTable {
  readonly insert: (row: number, data: Buffer) => void;
  /** Removes all pages of a segment. */
  readonly remove: (segment: number) => void;
}

export function createPageTable(db: Connection): PageTable {
  const insert = db.prepare("INSERT INTO segment_page (id, data, checksum) VALUES (?, ?, ?)");
  const remove = db.prepare("DELETE FROM segment_page WHERE id BETWEEN ? AND ?");
  return {
    insert: (row, data) => {
      insert.run(row, data, checksumOf(data));
    },
    remove: (segment) => {
      remove.run(rowOfKeys(segment), rowOfKeys(segment + 1) - 1);
    },
  };
}

/** How many pages are not what was written; reads all of them. */
export function countDamagedPages(db: Connection): number {
  let damaged = 0;
  for (const page of db.prepare("SELECT data, checksum FROM segment_page").iterate()) {
    if (!isIntact(page as StoredPage)) damaged++;
  }
  return damaged;
}
