import { setTimeout as delay } from "node:timers/promises";
import type { Client } from "./client.js";

/** Makes what was written findable. */
export interface Refresher {
  /** Resolves when all that was acknowledged before the call can be found. */
  readonly refreshed: (signal?: AbortSignal) => Promise<void>;
}

/** Between two refreshes lies as much time as one takes, so that they take half of it at most. */
const longestPauseMillis = 500;

/** Refreshes one after the other; who comes while one runs shares the next. */
export function createRefresher(client: Client, pattern: string): Refresher {
  let next: Promise<void> | undefined;
  let running: Promise<void> = Promise.resolve();

  const refresh = async (): Promise<void> => {
    await client.request(
      { method: "POST", path: `/${pattern}/_refresh`, query: { ignore_unavailable: true } },
      { doing: "cannot refresh" },
    );
  };

  const start = (): Promise<void> => {
    const before = running;
    const work = before.then(async () => {
      // From here on it is too late to share this one.
      next = undefined;
      const begun = performance.now();
      await refresh();
      const took = performance.now() - begun;
      return took;
    });
    running = work.then(
      (took) => delay(Math.min(took, longestPauseMillis), undefined, { ref: false }),
      () => undefined,
    );
    return work.then(() => undefined);
  };

  return {
    refreshed: () => {
      next ??= start();
      return next;
    },
  };
}
