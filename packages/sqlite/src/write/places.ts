import type { Database as Connection } from "better-sqlite3";
import { firstIdOf, lastIdOf } from "../schema/ids.js";

/** The most windows whose next free id is cached. */
const maxKnownWindows = 10_000;

/** Assigns ids: the next free one of a window, or of a later window when it is full. */
export interface Places {
  /** @returns an id that was free when it was looked up; another process may take it. */
  readonly next: (window: number) => number;
  /** Drops a window's cached id, after it proved to be taken or unused. */
  readonly forget: (window: number) => void;
}

export function createPlaces(db: Connection): Places {
  const lastTaken = db.prepare("SELECT max(id) FROM fragment WHERE id BETWEEN ? AND ?").pluck();
  /** The next free id by window; it may lie in a later window. */
  const known = new Map<number, number>();

  const freeIn = (window: number): number | undefined => {
    const taken = lastTaken.get(firstIdOf(window), lastIdOf(window)) as number | null;
    if (taken === null) return firstIdOf(window);
    return taken < lastIdOf(window) ? taken + 1 : undefined;
  };

  /** Looks ahead in growing steps, since full windows tend to follow each other. */
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
      // After the last id of a window, the next call searches again.
      if ((id + 1) % (lastIdOf(0) + 1) === 0) known.delete(window);
      else known.set(window, id + 1);
      return id;
    },
    forget: (window) => {
      known.delete(window);
    },
  };
}
