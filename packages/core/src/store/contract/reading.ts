/** A read that runs in a budget of bytes. */
export interface Reading {
  /** Begins to count another part of the memory of this read. */
  readonly part: () => HoldBytes;
  /** The same read with parts that count and never wait, for work that other reads wait for. */
  readonly unwaiting: () => Reading;
}

/**
 * Sets the number of bytes that a part of a read holds.
 * @returns a promise to await before the read goes on; undefined when there is room. It rejects with ABORTED when the signal
 *   fires.
 */
export type HoldBytes = (bytes: number) => Promise<void> | undefined;
