import { type CalendarWindow, createCalendar, type WindowLength } from "@spanstore/core/engine";
import { type IdRange, idRange } from "./ids.js";

/** A partition: a range of time with its own tables, whose names end with the window's name. */
export interface Window extends CalendarWindow {
  /** No two windows share an id: a search over several tables returns each id once. */
  readonly ids: IdRange;
}

/** The bits that number the windows of a hundred years, and three more windows. */
const numberBits: Readonly<Record<WindowLength, bigint>> = { hour: 20n, day: 16n, week: 13n };
const idBits = 63n;

/**
 * Times outside these years come from broken clocks. They share two windows, `past` and `future`: a table for each of
 * their days could make hundreds of thousands.
 */
const ordinaryFrom = nanosOf("2000-01-01T00:00:00Z");
const ordinaryUntil = nanosOf("2100-01-01T00:00:00Z");
const past = "past";
const future = "future";

function nanosOf(text: string): bigint {
  return BigInt(Date.parse(text)) * 1_000_000n;
}

export interface Windows {
  /** The window of a time. */
  readonly at: (unixNano: bigint) => Window;
  /** The window with this name; undefined when no window has it. */
  readonly named: (name: string) => Window | undefined;
}

export function createWindows(length: WindowLength): Windows {
  const calendar = createCalendar(length);
  const rangeBits = idBits - numberBits[length];
  const withIds = (window: Omit<Window, "ids">, number: bigint): Window => ({
    ...window,
    ids: idRange(number << rangeBits, rangeBits, window.startUnixNano, window.endUnixNano),
  });

  /** Cut at the ends of the ordinary times, so that each time lies in exactly one window. */
  const ordinary = ({ name, startUnixNano: start, endUnixNano: end }: CalendarWindow): Window =>
    withIds(
      {
        name,
        startUnixNano: start < ordinaryFrom ? ordinaryFrom : start,
        endUnixNano: end > ordinaryUntil ? ordinaryUntil : end,
      },
      // `past` and `future` have 1 and 2. The first week may begin before the ordinary times, so numbers begin at 3.
      3n + (end - ordinaryFrom) / calendar.windowNanos,
    );
  const pastWindow = withIds({ name: past, startUnixNano: 0n, endUnixNano: ordinaryFrom }, 1n);
  const futureWindow = withIds({ name: future, startUnixNano: ordinaryUntil, endUnixNano: 1n << 64n }, 2n);

  const at = (unixNano: bigint): Window => {
    if (unixNano < ordinaryFrom) return pastWindow;
    if (unixNano >= ordinaryUntil) return futureWindow;
    return ordinary(calendar.at(unixNano));
  };

  // Most spans lie in the same window as the previous one.
  let last = pastWindow;
  return {
    at: (unixNano) => {
      if (unixNano < last.startUnixNano || unixNano >= last.endUnixNano) last = at(unixNano);
      return last;
    },
    named: (name) => {
      if (name === past) return pastWindow;
      if (name === future) return futureWindow;
      const window = calendar.named(name);
      if (window === undefined) return undefined;
      const isOrdinary = window.endUnixNano > ordinaryFrom && window.startUnixNano < ordinaryUntil;
      return isOrdinary ? ordinary(window) : undefined;
    },
  };
}
