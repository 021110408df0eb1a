import { setImmediate as nextTurn } from "node:timers/promises";

/** Work that holds the thread is interrupted this often, in milliseconds. */
const turnMillis = 5;

/** What computes for long awaits this now and then, so that other calls and cancellations get their turn. */
export function createTurns(): () => Promise<void> {
  let began = performance.now();
  return async () => {
    if (performance.now() - began < turnMillis) return;
    await nextTurn();
    began = performance.now();
  };
}
