import { orAborted } from "../errors/or-aborted.js";

/**
 * The numbered writes under way in this process. Pagination, or a deletion, takes a number as its watermark and waits for
 * the writes up to it; later writes have higher numbers. Engines share the numbers between servers in their own way, since
 * backends differ in what they can compare and swap.
 */
export interface WriteBarrier {
  /** Begins a write of this number; several writes may share a number. */
  readonly begin: (number: number) => void;
  /** Ends a write of this number, after success or failure. */
  readonly end: (number: number) => void;
  readonly isIdle: () => boolean;
  /** The lowest number of a write under way; undefined when there is none. */
  readonly lowest: () => number | undefined;
  /** Resolves when all writes up to this number have ended. @throws ABORTED as soon as the signal fires. */
  readonly passed: (number: number, signal?: AbortSignal) => Promise<void>;
}

export function createWriteBarrier(): WriteBarrier {
  const underWay = new Map<number, number>();
  const waiting = new Set<() => void>();

  const lowest = (): number | undefined => {
    let found: number | undefined;
    for (const number of underWay.keys()) if (found === undefined || number < found) found = number;
    return found;
  };

  return {
    begin: (number) => {
      underWay.set(number, (underWay.get(number) ?? 0) + 1);
    },
    end: (number) => {
      const left = (underWay.get(number) ?? 1) - 1;
      if (left > 0) underWay.set(number, left);
      else underWay.delete(number);
      for (const resume of waiting) resume();
    },
    isIdle: () => underWay.size === 0,
    lowest,
    passed: async (number, signal) => {
      const isPassed = (): boolean => {
        const first = lowest();
        return first === undefined || first > number;
      };
      while (!isPassed()) {
        const { promise, resolve } = Promise.withResolvers<void>();
        waiting.add(resolve);
        try {
          await orAborted(promise, signal);
        } finally {
          waiting.delete(resolve);
        }
      }
    },
  };
}
