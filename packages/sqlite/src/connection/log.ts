import type { Database as Connection } from "better-sqlite3";

/** Moves what was written from the log to the file, and gives the log's room back. */
export function moveLog(db: Connection): void {
  try {
    db.pragma("wal_checkpoint(TRUNCATE)");
  } catch {
    // The log stays, and is read with the file.
  }
}
