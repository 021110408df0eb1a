import { createBackoff, mayPass, throwIfAborted } from "@spanstore/core/engine";

const firstPauseMillis = 200;
const longestPauseMillis = 10_000;

/** A store that is overloaded or away is asked again for so long. */
export const patienceMillis = 60_000;

export interface PatienceOptions {
  /** For how long one call is tried again. */
  readonly millis: number;
  readonly signal: AbortSignal;
  /** Called with each failure after which it goes on. */
  readonly failed: (error: unknown) => void;
}

/** Counts failures one after the other, and waits after each. */
export interface Patience {
  /** Waits, or throws the error when it will not pass or has lasted for too long. */
  after(error: unknown): Promise<void>;
  /** It works again. */
  reset(): void;
}

export function createPatience({ millis, signal, failed }: PatienceOptions): Patience {
  const { mayTryAgain, wait, reset } = createBackoff({
    firstMillis: firstPauseMillis,
    longestMillis: longestPauseMillis,
    forMillis: millis,
    signal,
  });
  return {
    async after(error) {
      throwIfAborted(signal);
      if (!mayPass(error) || !mayTryAgain()) throw error;
      failed(error);
      await wait();
    },
    reset,
  };
}
