/** Counts what has been done, for a test that does the next thing when enough has. */
export interface Progress {
  readonly count: () => number;
  readonly step: () => void;
  /** Resolves when it has come to this number. */
  readonly reached: (count: number) => Promise<void>;
}

export function createProgress(): Progress {
  let done = 0;
  let waiting: { readonly count: number; readonly resolve: () => void }[] = [];
  return {
    count: () => done,
    step: () => {
      done++;
      for (const { resolve } of waiting.filter(({ count }) => count <= done)) resolve();
      waiting = waiting.filter(({ count }) => count > done);
    },
    reached: (count) =>
      new Promise((resolve) => {
        if (done >= count) resolve();
        else waiting.push({ count, resolve });
      }),
  };
}
