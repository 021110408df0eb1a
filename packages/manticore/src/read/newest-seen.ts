import type { Window } from "../schema/windows.js";

/** The newest start that was seen in each window. Searches begin there, since behind it there is mostly nothing. */
export interface NewestSeen {
  /** In microseconds; undefined when nothing was seen in the window. */
  readonly in: (window: Pick<Window, "name">) => bigint | undefined;
  /** Notes a start, in microseconds, in the one of these windows, newest first, that it lies in. */
  readonly note: (windows: readonly Window[], start: bigint) => void;
}

export function createNewestSeen(): NewestSeen {
  const starts = new Map<string, bigint>();
  return {
    in: ({ name }) => starts.get(name),
    note: (windows, start) => {
      const window = windows.find(({ startUnixNano }) => startUnixNano / 1000n <= start);
      if (window === undefined) return;
      const seen = starts.get(window.name);
      if (seen === undefined || seen < start) starts.set(window.name, start);
    },
  };
}
