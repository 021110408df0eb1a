/** One message's part of the room that all callers share. */
export interface Place {
  /** @throws OVERLOADED when there is no room for so much more. */
  take(amount: number): void;
  /**
   * Takes so much as soon as there is room for it, in turn with others that wait; then calls `entered`, at once where
   * there is room. Only a place that has taken nothing may wait: two that hold some and wait for more would wait for each
   * other. A place that is released waits no longer.
   * @throws OVERLOADED when too many wait already.
   */
  enter(amount: number, entered: () => void): void;
  giveBack(amount: number): void;
  /** Expects more bytes from outside: a place that waits too long may be given to others. */
  expect(): void;
  /** Nothing is waited for: the place is kept as long as it is needed. */
  settle(): void;
  /** Gives up all of it; again is no error. */
  release(): void;
}
