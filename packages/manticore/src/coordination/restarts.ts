import type { Client } from "../connection/client.js";

/**
 * Starts of searchd as a store has noticed them. A searchd that was killed may have lost rows that it had acknowledged: with
 * binlog off all that was in memory only, otherwise the last second. What the store believes to be stored it writes again
 * before it relies on it.
 */
export interface Restarts {
  /** Changes with every start that was noticed. */
  readonly epoch: () => number;
  /** Another thread's clients noticed so many starts. */
  readonly report: (reporter: unknown, restarts: number) => void;
  /**
   * Resolves when all that the store relies on is stored.
   * @returns the epoch in which it is.
   */
  readonly settled: () => Promise<number>;
}

/** @param restore writes again what may be lost; it is called once at a time, and again when searchd starts meanwhile. */
export function createRestarts(clients: readonly Client[], restore: () => Promise<void>): Restarts {
  const reported = new Map<unknown, number>();
  let reports = 0;
  const epoch = (): number => clients.reduce((sum, client) => sum + client.restarts(), reports);
  let restored = epoch();
  let restoring: Promise<void> | undefined;

  const restoreOnce = async (): Promise<void> => {
    const now = epoch();
    await restore();
    restored = now;
  };

  return {
    epoch,
    report: (reporter, restarts) => {
      if (restarts !== (reported.get(reporter) ?? 0)) reports++;
      reported.set(reporter, restarts);
    },
    settled: async () => {
      while (restored !== epoch()) {
        restoring ??= restoreOnce().finally(() => {
          restoring = undefined;
        });
        await restoring;
      }
      return restored;
    },
  };
}
