import type { Database as Connection } from "better-sqlite3";
import { firstIdOf, lastIdOf } from "../schema/ids.js";

/** The store remembers the next free id of this many windows. */
const maxKnownWindows = 10_000;

/** Gives out ids: the next free one of a window, or of a later window when it is full. */
export interface Places {
  /** @returns an id that was free when it was looked up. */
  readonly next: (window: number) => number;
  /** Forgets a window's next free id, after that proved to be taken. */
  readonly forget: (window: number) => void;
}

export function createPlaces(db: Connection): Places {
  const lastTaken = db.prepare("SELECT max(id) FROM fragment WHERE id BETWEEN ? AND ?").pluck();
  /** By window: the next free id, which may lie in a later window. */
  const known = new Map<number, number>();

  const freeIn = (window: number): number | undefined => {
    const taken = lastTaken.get(firstIdOf(window), lastIdOf(window)) as number | null;
    if (taken === null) return firstIdOf(window);
    return taken < lastIdOf(window) ? taken + 1 : undefined;
  };

  /** Looks further and further ahead, since a crowded window is likely followed by full ones. */
  const search = (window: number): number => {
    for (let step = 0; ; step = step * 2 + 1) {
      const free = freeIn(window + step);
      if (free !== undefined) return free;
    }
  };

  return {
    next: (window) => {
      const id = known.get(window) ?? search(window);
      if (known.size >= maxKnownWindows) known.clear();
      // The last id of a window is followed by a fresh search.
      if ((id + 1) % (lastIdOf(0) + 1) === 0) known.delete(window);
      else known.set(window, id + 1);
      return id;
    },
    forget: (window) => {
      known.delete(window);
    },
  };
}
