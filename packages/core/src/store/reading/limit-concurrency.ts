import { throwIfAborted } from "../../errors/errors.js";

/** Runs work: as much of it at the same time as may be, the rest in the order that it came in. */
export type Limited = <T>(work: () => Promise<T>, signal: AbortSignal | undefined) => Promise<T>;

export function limitConcurrency(most: number): Limited {
  let running = 0;
  const waiting = new Set<() => void>();

  /** Resolves when somebody has given up a place, or rejects when the signal fires before. */
  const placeFor = (signal: AbortSignal | undefined): Promise<void> =>
    new Promise((resolve, reject) => {
      const enter = (): void => {
        signal?.removeEventListener("abort", leave);
        resolve();
      };
      const leave = (): void => {
        waiting.delete(enter);
        reject(signal?.reason);
      };
      waiting.add(enter);
      signal?.addEventListener("abort", leave, { once: true });
    });

  return async (work, signal) => {
    throwIfAborted(signal);
    if (running < most) running++;
    else await placeFor(signal).catch(() => throwIfAborted(signal));
    try {
      return await work();
    } finally {
      const [next] = waiting;
      if (next === undefined) running--;
      else {
        // Who comes next takes the place over.
        waiting.delete(next);
        next();
      }
    }
  };
}
