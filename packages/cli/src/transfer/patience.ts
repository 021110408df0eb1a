import { createBackoff, mayPass, throwIfAborted } from "@spanstore/core/engine";

const firstPauseMillis = 200;
const longestPauseMillis = 10_000;

/** How long a store that is overloaded or away is asked again. */
export const patienceMillis = 60_000;

export interface PatienceOptions {
  /** How long one call is tried again. */
  readonly millis: number;
  readonly signal: AbortSignal;
  /** Called with each failure that is tried again. */
  readonly failed: (error: unknown) => void;
}

/** Waits between the attempts of a call. */
export interface Patience {
  /** Waits, or throws the error when it is permanent or has lasted too long. */
  after(error: unknown): Promise<void>;
  /** Forgets the failures, after a success. */
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
