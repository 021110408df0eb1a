import { throwIfAborted } from "./errors.js";

/** Runs work when it is its turn: as much of it at the same time as may be, the rest in the order that it came in. */
export type TakeTurns = <T>(work: () => Promise<T>, signal: AbortSignal | undefined) => Promise<T>;

export function takeTurns(most: number): TakeTurns {
  let running = 0;
  const waiting: (() => void)[] = [];
  return async (work, signal) => {
    if (running >= most) await new Promise<void>((resolve) => waiting.push(resolve));
    else running++;
    try {
      throwIfAborted(signal);
      return await work();
    } finally {
      const next = waiting.shift();
      // Who comes next takes the place over.
      if (next === undefined) running--;
      else next();
    }
  };
}
