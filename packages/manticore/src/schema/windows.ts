import { type CalendarWindow, createCalendar, type WindowLength } from "@spanstore/core/engine";
import { type IdRange, idRange } from "./ids.js";

/** A span of time whose spans lie in one table, whose name ends with its name. */
export interface Window extends CalendarWindow {
  /** Of all windows the ids of rows are different: of several tables together, Manticore shows an id once. */
  readonly ids: IdRange;
}

/** The bits that number a hundred years' windows, and three more. */
const numberBits: Readonly<Record<WindowLength, bigint>> = { hour: 20n, day: 16n, week: 13n };
const idBits = 63n;

/**
 * Times that no running clock shows lie in two tables of their own, since a table a day for whatever a broken one
 * says would be hundreds of thousands.
 */
const ordinaryFrom = nanosOf("2000-01-01T00:00:00Z");
const ordinaryUntil = nanosOf("2100-01-01T00:00:00Z");
const past = "past";
const future = "future";

function nanosOf(text: string): bigint {
  return BigInt(Date.parse(text)) * 1_000_000n;
}

export interface Windows {
  /** The window that a time lies in. */
  readonly at: (unixNano: bigint) => Window;
  /** The window of a name; undefined when no window is called so. */
  readonly named: (name: string) => Window | undefined;
}

export function createWindows(length: WindowLength): Windows {
  const calendar = createCalendar(length);
  const rangeBits = idBits - numberBits[length];
  const withIds = (window: Omit<Window, "ids">, number: bigint): Window => ({
    ...window,
    ids: idRange(number << rangeBits, rangeBits, window.startUnixNano, window.endUnixNano),
  });

  /** Cut where the ordinary times end, so that every time has one window. */
  const ordinary = ({ name, startUnixNano: start, endUnixNano: end }: CalendarWindow): Window =>
    withIds(
      {
        name,
        startUnixNano: start < ordinaryFrom ? ordinaryFrom : start,
        endUnixNano: end > ordinaryUntil ? ordinaryUntil : end,
      },
      // From 3 on, since the first week may begin before the ordinary times do.
      3n + (end - ordinaryFrom) / calendar.windowNanos,
    );
  const pastWindow = withIds({ name: past, startUnixNano: 0n, endUnixNano: ordinaryFrom }, 1n);
  const futureWindow = withIds({ name: future, startUnixNano: ordinaryUntil, endUnixNano: 1n << 64n }, 2n);

  const at = (unixNano: bigint): Window => {
    if (unixNano < ordinaryFrom) return pastWindow;
    if (unixNano >= ordinaryUntil) return futureWindow;
    return ordinary(calendar.at(unixNano));
  };

  // Most spans lie in the window of the one before.
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
