import { isSpanStoreError } from "@spanstore/core";
import { createBackoff } from "@spanstore/core/engine";

/** A write fails when another program holds the lock for longer than this. */
const patienceMillis = 5000;
/** About as long as SQLite's own waits between two tries. */
const waits = { firstMillis: 1, longestMillis: 100 };

/**
 * Does work that needs the write lock of a file. While another program holds the lock, the thread goes on with writes to other
 * files.
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
