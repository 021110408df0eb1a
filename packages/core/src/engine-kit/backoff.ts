import { pause } from "./pause.js";

/** Waits between one try and the next that double, each cut by chance, so that those who failed together return apart. */
export interface Backoff {
  /** Whether the next wait ends in time. */
  readonly mayTryAgain: () => boolean;
  /** @throws ABORTED as soon as the signal fires. */
  readonly wait: () => Promise<void>;
  /** A try succeeded: the next failure is a first one. */
  readonly reset: () => void;
}

export interface BackoffOptions {
  /** The first wait lasts at most so long, and at least half of it. */
  readonly firstMillis: number;
  readonly longestMillis: number;
  /** For how long after the first failure it is tried again. */
  readonly forMillis: number;
  /** When the first try began, by `performance.now()`, where its own time counts too. */
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
