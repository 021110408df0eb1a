/** A read-write lock within this process: writes share it, a deletion holds it exclusively. */
export interface Gate {
  readonly shared: <T>(work: () => Promise<T>) => Promise<T>;
  readonly alone: <T>(work: () => Promise<T>) => Promise<T>;
}

export function createGate(): Gate {
  let inside = 0;
  let whenEmpty: (() => void) | undefined;
  let last: Promise<unknown> = Promise.resolve();
  /** Settles when no exclusive work runs or waits. */
  let closed: Promise<unknown> | undefined;

  return {
    shared: async (work) => {
      while (closed !== undefined) await closed;
      inside++;
      try {
        return await work();
      } finally {
        inside--;
        if (inside === 0) whenEmpty?.();
      }
    },
    alone: (work) => {
      const result = last.then(async () => {
        if (inside > 0) {
          await new Promise<void>((resolve) => {
            whenEmpty = resolve;
          });
        }
        whenEmpty = undefined;
        return work();
      });
      const settled = result.catch(() => undefined);
      last = settled;
      closed = settled;
      void settled.then(() => {
        if (closed === settled) closed = undefined;
      });
      return result;
    },
  };
}
