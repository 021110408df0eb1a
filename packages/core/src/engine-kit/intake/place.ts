/** One message's share of the memory that all callers share, in bytes. */
export interface Place {
  /** Takes more room. @throws OVERLOADED when there is not enough. */
  take(amount: number): void;
  /**
   * Waits its turn for room, takes it and calls `entered`; when there is room, it does so at once. Only a place without room
   * may wait: two places that hold room and wait for more could wait for each other. `release` ends the wait.
   * @throws OVERLOADED when too many places wait already.
   */
  enter(amount: number, entered: () => void): void;
  giveBack(amount: number): void;
  /** Marks the place as waiting for bytes of the sender. A place that waits too long may be given to others. */
  expect(): void;
  /** Ends `expect`: the place is kept as long as it is needed. */
  settle(): void;
  /** Gives back all room. It may be called again. */
  release(): void;
}
