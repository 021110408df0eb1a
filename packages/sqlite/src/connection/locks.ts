import { setTimeout as delay } from "node:timers/promises";
import { isSpanStoreError } from "@spanstore/core";

/** A file that another program has locked for longer than this cannot be written now. */
const patienceMillis = 5000;
/** Waits between two tries, as SQLite's own; the last one goes on. */
const waits = [1, 2, 5, 10, 15, 20, 25, 25, 25, 50, 50, 100];

/**
 * Does something that needs the write lock of a file. While another program holds the lock, the thread waits without
 * standing still, since other files are written by it too.
 */
export async function whenUnlocked<T>(work: () => T): Promise<T> {
  const began = performance.now();
  for (let tries = 0; ; tries++) {
    try {
      return work();
    } catch (error) {
      if (!isLocked(error) || performance.now() - began > patienceMillis) throw error;
    }
    await delay(waits[Math.min(tries, waits.length - 1)]);
  }
}

function isLocked(error: unknown): boolean {
  const cause = isSpanStoreError(error) ? error.cause : error;
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  return code.startsWith("SQLITE_BUSY") || code.startsWith("SQLITE_LOCKED");
}
