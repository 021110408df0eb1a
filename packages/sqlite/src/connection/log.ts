import type { Database as Connection } from "better-sqlite3";

/** Moves the log into the file, and empties the log. */
export function moveLog(db: Connection): void {
  try {
    db.pragma("wal_checkpoint(TRUNCATE)");
  } catch {
    // The log stays, and is read with the file.
  }
}
