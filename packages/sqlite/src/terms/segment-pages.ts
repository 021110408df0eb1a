import { SpanStoreError } from "@spanstore/core";
import type { Database as Connection } from "better-sqlite3";
import { checksumOf } from "../schema/checksum.js";

/** The row of a page is its segment's id followed by 16 bits. The pages of first terms and of ids precede those of postings. */
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
 * Reads the page of a row.
 * @throws CORRUPT when it is missing or damaged. It must not pass for a page with fewer matches.
 */
export type ReadPage = (row: number) => Buffer;

export function createPageReader(db: Connection): ReadPage {
  const page = db.prepare("SELECT data, checksum FROM segment_page WHERE id = ?");
  return (row) => {
    const found = page.get(row) as StoredPage | undefined;
    if (found !== undefined && isIntact(found)) return found.data;
    throw new SpanStoreError("CORRUPT", "a page of the index is damaged or missing", {
      hint: "searches that read it fail until its spans are deleted; traces can be read by id: export them into a new file",
    });
  };
}

interface StoredPage {
  readonly data: Buffer;
  /** Null in rows of schema version 3. */
  readonly checksum: number | null;
}

function isIntact({ data, checksum }: StoredPage): boolean {
  return checksum === null || checksumOf(data) === checksum;
}

/** Writes pages. The caller runs the transaction. */
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

/** The number of damaged pages. Reads all pages. */
export function countDamagedPages(db: Connection): number {
  let damaged = 0;
  for (const page of db.prepare("SELECT data, checksum FROM segment_page").iterate()) {
    if (!isIntact(page as StoredPage)) damaged++;
  }
  return damaged;
}
