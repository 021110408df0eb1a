import { setTimeout as delay } from "node:timers/promises";
import { SpanStoreError } from "../../errors/errors.js";

/** Caches an answer that takes long to compute, and refreshes it in the background. */
export interface SlowAnswer<T> {
  /**
   * The cached answer. Callers wait only for the first one, for a bounded time.
   * @throws the error of the last attempt; STORE_UNAVAILABLE when no answer comes in time.
   */
  readonly get: () => Promise<T>;
}

export interface SlowAnswerOptions {
  /** An older answer is refreshed in the background, and returned meanwhile; 15,000 ms by default. */
  readonly maxAgeMillis?: number;
  /** How long a caller waits for the first answer; 2,000 ms by default. */
  readonly maxWaitMillis?: number;
}

/** @param find computes the answer; calls do not overlap. */
export function createSlowAnswer<T>(
  find: () => Promise<T>,
  { maxAgeMillis = 15_000, maxWaitMillis = 2_000 }: SlowAnswerOptions = {},
): SlowAnswer<T> {
  let last: { readonly answer: T; readonly found: number } | undefined;
  let finding: Promise<T> | undefined;

  const findOnce = (): Promise<T> => {
    finding ??= find()
      .then((answer) => {
        last = { answer, found: performance.now() };
        return answer;
      })
      .catch((error: unknown) => {
        // An old answer would hide the failure.
        last = undefined;
        throw error;
      })
      .finally(() => {
        finding = undefined;
      });
    return finding;
  };

  return {
    get: async () => {
      if (last === undefined) return inTime(findOnce(), maxWaitMillis);
      const { answer, found } = last;
      if (performance.now() - found >= maxAgeMillis) findOnce().catch(() => undefined);
      return answer;
    },
  };
}

async function inTime<T>(work: Promise<T>, millis: number): Promise<T> {
  const over = new AbortController();
  const late = delay(millis, undefined, { signal: over.signal, ref: false }).then(() => {
    throw new SpanStoreError("STORE_UNAVAILABLE", `no answer came within ${millis} ms`);
  });
  late.catch(() => undefined);
  try {
    return await Promise.race([work, late]);
  } finally {
    over.abort();
  }
}
