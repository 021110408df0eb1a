import type { Client } from "../connection/client.js";

/**
 * Restarts of searchd that a store has noticed. A killed searchd may have lost acknowledged rows: all rows in memory
 * without a binary log, up to the last second with one. The store writes the rows that it relies on again.
 */
export interface Restarts {
  /** Changes with every noticed restart. */
  readonly epoch: () => number;
  /** Takes the count of restarts that the clients of another thread noticed. */
  readonly report: (reporter: unknown, restarts: number) => void;
  /**
   * Resolves when all rows that the store relies on are stored.
   * @returns the epoch that this holds for.
   */
  readonly settled: () => Promise<number>;
}

/**
 * @param restore stores possibly lost rows again. It never runs twice at once, and runs again after another restart.
 */
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
