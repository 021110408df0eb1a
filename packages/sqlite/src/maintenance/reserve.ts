import { randomFillSync } from "node:crypto";
import { closeSync, openSync, rmSync, statSync, truncateSync, writeSync } from "node:fs";
import { isSpanStoreError } from "@spanstore/core";

/**
 * A file beside the database that takes room for nothing, so that old spans can be deleted when the disk is full: deletion
 * itself needs room for the log of its transactions.
 */
export interface Reserve {
  /** Fits it to the size of the database, as far as the disk has room. */
  readonly keep: (databaseBytes: number) => void;
  /** Gives its room back to the file system, until it is kept again. @returns whether that made any room. */
  readonly giveUp: () => boolean;
  readonly bytes: () => number;
}

const mebibyte = 1024 * 1024;
const mostBytes = 32 * mebibyte;
/** A small database has a small reserve. */
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
      // It only takes more room than it need.
    }
    known = undefined;
  };
  return {
    bytes,
    keep: (databaseBytes) => {
      const wanted = Math.min(mostBytes, Math.floor(databaseBytes / part / mebibyte) * mebibyte);
      if (bytes() === wanted) return;
      if (bytes() > wanted) return shrink(wanted);
      // Of no zeros: a file system may leave those out.
      const block = randomFillSync(Buffer.allocUnsafe(mebibyte));
      try {
        const file = openSync(path, "a");
        try {
          for (let size = bytes(); size < wanted; size += block.length) writeSync(file, block);
        } finally {
          closeSync(file);
        }
      } catch {
        // What there is of it is kept; the rest is tried again when the database has grown.
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

/** What the write-ahead log of a database occupies. */
export function logBytesOf(database: string): number {
  return statSync(`${database}-wal`, { throwIfNoEntry: false })?.size ?? 0;
}

/** The reserve of a database in memory. */
export const noReserve: Reserve = { keep: () => {}, giveUp: () => false, bytes: () => 0 };

/** Whether an error says that the disk, or the quota on it, is full. */
export function isFull(error: unknown): boolean {
  const cause = isSpanStoreError(error) ? error.cause : error;
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  return code === "SQLITE_FULL" || code.startsWith("SQLITE_IOERR");
}
