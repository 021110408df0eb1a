import { type CalendarWindow, createCalendar, type WindowLength } from "@spanstore/core/engine";

/** A span of time whose spans lie in one index, whose name ends with its name. */
export type Window = CalendarWindow;

const nanosPerDay = 24n * 3_600_000_000_000n;

/**
 * Times far from now lie in one index together, since an index a day for whatever a broken clock says would be more
 * than a cluster takes.
 */
const datedPast = 400n * nanosPerDay;
const datedFuture = 2n * nanosPerDay;
const elsewhere: Window = { name: "other", startUnixNano: 0n, endUnixNano: 1n << 64n };

export interface Windows {
  /** The window that a span of this start is written to now. */
  readonly at: (unixNano: bigint) => Window;
  /** The window of a name; undefined when no window is called so. */
  readonly named: (name: string) => Window | undefined;
  /** All windows that may hold starts between these times; undefined when they are more than `most`. */
  readonly between: (fromUnixNano: bigint, toUnixNano: bigint, most: number) => readonly Window[] | undefined;
  /** Milliseconds; fragments are cut so that none is longer, and none lies across two windows. */
  readonly extentMillis: number;
}

/** @param now the time in nanoseconds. */
export function createWindows(length: WindowLength, now: () => bigint): Windows {
  const calendar = createCalendar(length);

  // Most spans lie in the window of the one before.
  let last = calendar.at(now());
  return {
    // Cut by hours, which every window is made of.
    extentMillis: 3_600_000,
    at: (unixNano) => {
      const time = now();
      if (unixNano < time - datedPast || unixNano > time + datedFuture) return elsewhere;
      if (unixNano < last.startUnixNano || unixNano >= last.endUnixNano) last = calendar.at(unixNano);
      return last;
    },
    named: (name) => (name === elsewhere.name ? elsewhere : calendar.named(name)),
    between: (from, to, most) => {
      if (to < from) return [elsewhere];
      const first = calendar.at(from);
      if ((to - first.startUnixNano) / calendar.windowNanos >= BigInt(most)) return undefined;
      const windows: Window[] = [elsewhere];
      for (let each = first; each.startUnixNano <= to; each = calendar.at(each.endUnixNano))
        windows.push(each);
      return windows;
    },
  };
}
