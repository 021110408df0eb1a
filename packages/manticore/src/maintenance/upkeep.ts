/** Work that a store does regularly in the background. */
export interface Chore {
  readonly everyMillis: number;
  /** A failure is ignored: the next run tries again. */
  readonly work: (signal: AbortSignal) => Promise<unknown>;
}

/** Runs each chore at its interval, never twice at once. @returns a function that ends all chores. */
export function startUpkeep(chores: readonly Chore[]): () => void {
  const ending = new AbortController();
  const timers = chores.map(({ everyMillis, work }) => {
    let busy = false;
    return setInterval(() => {
      if (busy) return;
      busy = true;
      void work(ending.signal)
        .catch(() => undefined)
        .finally(() => {
          busy = false;
        });
    }, everyMillis).unref();
  });
  return () => {
    for (const timer of timers) clearInterval(timer);
    ending.abort();
  };
}
