import type { Window } from "../schema/windows.js";

/** The newest start seen in each window. Searches begin there: later times mostly have nothing. */
export interface NewestSeen {
  /** The newest start of a window, in microseconds; undefined before any was seen. */
  readonly in: (window: Pick<Window, "name">) => bigint | undefined;
  /** Notes a start, in microseconds, for the window that it lies in. @param windows newest first. */
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
