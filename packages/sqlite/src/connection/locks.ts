import { isSpanStoreError } from "@spanstore/core";
import { createBackoff } from "@spanstore/core/engine";

/** A write fails after waiting this long for another program's lock. */
const patienceMillis = 5000;
/** SQLite's own busy handler waits about as long between two tries. */
const waits = { firstMillis: 1, longestMillis: 100 };

/**
 * Runs work that needs the write lock of a file. While another program holds the lock, the thread goes on writing to other files.
 */
export async function whenUnlocked<T>(work: () => T): Promise<T> {
  const { mayTryAgain, wait } = createBackoff({ ...waits, forMillis: patienceMillis });
  for (;;) {
    try {
      return work();
    } catch (error) {
      if (!isLocked(error) || !mayTryAgain()) throw error;
    }
    await wait();
  }
}

function isLocked(error: unknown): boolean {
  const cause = isSpanStoreError(error) ? error.cause : error;
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  return code.startsWith("SQLITE_BUSY") || code.startsWith("SQLITE_LOCKED");
}
