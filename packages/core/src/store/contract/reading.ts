/** A read, as the budget that it runs in sees it. */
export interface Reading {
  /** A part of what the read holds in memory, to be kept up to date. */
  readonly part: () => HoldBytes;
  /** The same read, whose parts count and never wait: for work that other reads wait for. */
  readonly unwaiting: () => Reading;
}

/**
 * Says how many bytes a part of a read holds from now on.
 * @returns what to wait for before the read goes on, if anything; it rejects with ABORTED when the signal fires.
 */
export type HoldBytes = (bytes: number) => Promise<void> | undefined;
