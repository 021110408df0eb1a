import { setTimeout as delay } from "node:timers/promises";
import { isSpanStoreError } from "@spanstore/core";
import { throwIfAborted } from "@spanstore/core/engine";

const firstPauseMillis = 200;
const longestPauseMillis = 10_000;

/** A store that is overloaded or away is asked again for so long. */
export const patienceMillis = 60_000;

export interface PatienceOptions {
  /** For how long one call is tried again. */
  readonly millis: number;
  readonly signal: AbortSignal;
  /** Told of each failure after which it goes on. */
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
  let since: number | undefined;
  let pause = firstPauseMillis;
  return {
    async after(error) {
      throwIfAborted(signal);
      since ??= Date.now();
      if (!mayPass(error) || Date.now() + pause - since > millis) throw error;
      failed(error);
      // Others may have been refused at the same moment.
      await delay(pause * (0.5 + Math.random() / 2), undefined, { signal }).catch(() => undefined);
      throwIfAborted(signal);
      pause = Math.min(pause * 2, longestPauseMillis);
    },
    reset() {
      since = undefined;
      pause = firstPauseMillis;
    },
  };
}

/** Whether a later time may help. */
function mayPass(error: unknown): boolean {
  return isSpanStoreError(error) && (error.code === "STORE_UNAVAILABLE" || error.code === "OVERLOADED");
}
