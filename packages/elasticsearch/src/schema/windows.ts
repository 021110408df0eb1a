import { type CalendarWindow, createCalendar, type WindowLength } from "@spanstore/core/engine";

/** A range of time whose spans are in one index. The name of the index ends with the name of the window. */
export type Window = CalendarWindow;

const nanosPerDay = 24n * 3_600_000_000_000n;

/**
 * Times far from now share one index. A broken clock would otherwise make more indices than a cluster has shards for.
 */
const datedPast = 400n * nanosPerDay;
const datedFuture = 2n * nanosPerDay;
const elsewhere: Window = { name: "other", startUnixNano: 0n, endUnixNano: 1n << 64n };

export interface Windows {
  /** The window for a span that starts at this time and is written now. */
  readonly at: (unixNano: bigint) => Window;
  /** The window of a name; undefined when no window has it. */
  readonly named: (name: string) => Window | undefined;
  /** All windows that may hold starts between these times; undefined when they are more than `most`. */
  readonly between: (fromUnixNano: bigint, toUnixNano: bigint, most: number) => readonly Window[] | undefined;
  /** The longest fragment, in milliseconds. A fragment never crosses the end of a window. */
  readonly extentMillis: number;
}

/** @param now returns nanoseconds since the epoch. */
export function createWindows(length: WindowLength, now: () => bigint): Windows {
  const calendar = createCalendar(length);

  // Most spans are in the window of the span before.
  let last = calendar.at(now());
  return {
    // An hour: every window is made of whole hours.
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
