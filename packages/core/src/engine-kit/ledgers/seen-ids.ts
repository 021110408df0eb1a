/** A set of 32-bit numbers for one trace at a time. Entries carry the number of their trace, so the table is never cleared. */
export interface SeenIds {
  /** Begins the next trace. */
  readonly begin: () => void;
  /** @returns whether the number was added before since `begin`. */
  readonly add: (id: number) => boolean;
}

export function createSeenIds(): SeenIds {
  let ids = new Uint32Array(256);
  /** The trace of each entry; the entry of another trace is free. */
  let traces = new Uint32Array(256);
  let trace = 0;
  let count = 0;

  const insert = (id: number): boolean => {
    const mask = ids.length - 1;
    for (let at = id & mask; ; at = (at + 1) & mask) {
      if (traces[at] !== trace) {
        traces[at] = trace;
        ids[at] = id;
        return false;
      }
      if (ids[at] === id) return true;
    }
  };
  const grow = (): void => {
    const known = ids.filter((_, i) => traces[i] === trace);
    ids = new Uint32Array(ids.length * 4);
    traces = new Uint32Array(ids.length);
    trace = 1;
    for (const id of known) insert(id);
  };

  return {
    begin: () => {
      count = 0;
      trace++;
      if (trace <= 0xffffffff) return;
      trace = 1;
      traces.fill(0);
    },
    add: (id) => {
      if (count * 2 >= ids.length) grow();
      const isKnown = insert(id);
      if (!isKnown) count++;
      return isKnown;
    },
  };
}
