import type { Database as Connection } from "better-sqlite3";

/** Moves the write-ahead log into the file and truncates it. */
export function moveLog(db: Connection): void {
  try {
    db.pragma("wal_checkpoint(TRUNCATE)");
  } catch {
    // Harmless: SQLite reads the log together with the file.
  }
}
