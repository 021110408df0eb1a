import { isSpanStoreError } from "@spanstore/core";
import { createBackoff } from "@spanstore/core/engine";

/** A file that another program has locked for longer than this cannot be written now. */
const patienceMillis = 5000;
/** About as long as SQLite's own waits between two tries. */
const waits = { firstMillis: 1, longestMillis: 100 };

/**
 * Does something that needs the write lock of a file. While another program holds the lock, the thread waits without
 * standing still, since other files are written by it too.
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
