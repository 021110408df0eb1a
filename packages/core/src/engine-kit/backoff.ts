import { pause } from "./pause.js";

/** Waits between retries. They double, with jitter, so that callers that failed together retry at different times. */
export interface Backoff {
  /** Whether the next wait ends within `forMillis`. */
  readonly mayTryAgain: () => boolean;
  /** @throws ABORTED as soon as the signal fires. */
  readonly wait: () => Promise<void>;
  /** Starts over after a success. */
  readonly reset: () => void;
}

export interface BackoffOptions {
  /** The longest first wait; the shortest is half of it. */
  readonly firstMillis: number;
  readonly longestMillis: number;
  /** How long retries go on after the first failure. */
  readonly forMillis: number;
  /** Start of the first attempt by `performance.now()`, to count its duration, too. Default: its failure. */
  readonly began?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

export function createBackoff({
  firstMillis,
  longestMillis,
  forMillis,
  began,
  signal,
}: BackoffOptions): Backoff {
  let since = began;
  let next = firstMillis;
  return {
    mayTryAgain: () => {
      const now = performance.now();
      since ??= now;
      return now + next - since <= forMillis;
    },
    wait: async () => {
      const longest = next;
      next = Math.min(next * 2, longestMillis);
      await pause(longest * (0.5 + Math.random() / 2), signal);
    },
    reset: () => {
      since = undefined;
      next = firstMillis;
    },
  };
}
