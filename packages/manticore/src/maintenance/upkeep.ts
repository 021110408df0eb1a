/** Work that a store does from time to time by itself. */
export interface Chore {
  readonly everyMillis: number;
  /** What fails is tried again the next time. */
  readonly work: (signal: AbortSignal) => Promise<unknown>;
}

/** Does each chore from time to time, one of its kind at once. @returns what ends them all. */
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
