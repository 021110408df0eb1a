import { setImmediate as nextTurn } from "node:timers/promises";

/** Work that holds the thread is interrupted this often, in milliseconds. */
const turnMillis = 5;

/**
 * SQLite answers at once and holds the thread while it does. A long read awaits this between its
 * windows, so that other reads and cancellations get their turn.
 */
export function createTurns(): () => Promise<void> {
  let began = performance.now();
  return async () => {
    if (performance.now() - began < turnMillis) return;
    await nextTurn();
    began = performance.now();
  };
}
