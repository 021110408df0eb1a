import { randomFillSync } from "node:crypto";
import { closeSync, openSync, rmSync, statSync, truncateSync, writeSync } from "node:fs";
import { isSpanStoreError } from "@spanstore/core";

/**
 * A file of random bytes beside the database. On a full disk, retention removes it to get room for the log of its own
 * transactions.
 */
export interface Reserve {
  /** Resizes the reserve to the size of the database, as far as the disk has room. */
  readonly keep: (databaseBytes: number) => void;
  /** Removes the reserve until the next `keep`. @returns whether that freed any room. */
  readonly giveUp: () => boolean;
  readonly bytes: () => number;
}

const mebibyte = 1024 * 1024;
const mostBytes = 32 * mebibyte;
/** The reserve takes a quarter of the database's size, up to `mostBytes`. */
const part = 4;

/** @param database the database's file. */
export function createReserve(database: string): Reserve {
  const path = `${database}-reserve`;
  let known: number | undefined;
  const bytes = (): number => {
    known ??= statSync(path, { throwIfNoEntry: false })?.size ?? 0;
    return known;
  };
  const shrink = (wanted: number): void => {
    try {
      if (wanted === 0) rmSync(path, { force: true });
      else truncateSync(path, wanted);
    } catch {
      // Harmless: the reserve stays larger than it has to be.
    }
    known = undefined;
  };
  return {
    bytes,
    keep: (databaseBytes) => {
      const wanted = Math.min(mostBytes, Math.floor(databaseBytes / part / mebibyte) * mebibyte);
      if (bytes() === wanted) return;
      if (bytes() > wanted) return shrink(wanted);
      // Random bytes, since file systems may store zeros as holes.
      const block = randomFillSync(Buffer.allocUnsafe(mebibyte));
      try {
        const file = openSync(path, "a");
        try {
          for (let size = bytes(); size < wanted; size += block.length) writeSync(file, block);
        } finally {
          closeSync(file);
        }
      } catch {
        // Keeps a partial reserve; the next call tries to complete it.
      }
      known = undefined;
    },
    giveUp: () => {
      const had = bytes() > 0;
      try {
        rmSync(path, { force: true });
      } catch {
        return false;
      }
      known = 0;
      return had;
    },
  };
}

/** The size of a database's write-ahead log. */
export function logBytesOf(database: string): number {
  return statSync(`${database}-wal`, { throwIfNoEntry: false })?.size ?? 0;
}

/** The reserve of a database in memory. */
export const noReserve: Reserve = { keep: () => {}, giveUp: () => false, bytes: () => 0 };

/** Whether an error may mean that the disk is full. SQLite reports an exhausted quota as an I/O error. */
export function isFull(error: unknown): boolean {
  const cause = isSpanStoreError(error) ? error.cause : error;
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  return code === "SQLITE_FULL" || code.startsWith("SQLITE_IOERR");
}
