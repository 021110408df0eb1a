import { invalidOption } from "@spanstore/core";

/** How much time one table holds. */
export type WindowLength = "hour" | "day" | "week";

/** A span of time whose spans lie in one table. */
export interface Window {
  /** What its tables' names end with. */
  readonly name: string;
  readonly startUnixNano: bigint;
  /** Exclusive. */
  readonly endUnixNano: bigint;
  /** Of all windows the ids of rows are different: of several tables together, Manticore shows an id once. */
  readonly ids: IdRange;
}

/** A window's part of the positive 64-bit numbers: `first` and the lower bits. */
export interface IdRange {
  readonly first: bigint;
  readonly lowerBits: bigint;
}

const nanosPerHour = 3_600_000_000_000n;
/** The bits that number a hundred years' windows, and three more. */
const numberBits: Readonly<Record<WindowLength, bigint>> = { hour: 20n, day: 16n, week: 13n };
const idBits = 63n;
const hours: Readonly<Record<WindowLength, bigint>> = { hour: 1n, day: 24n, week: 168n };
/** Weeks begin on Mondays; the epoch was a Thursday. */
const mondayOffset = 72n * nanosPerHour;

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
  const size = hours[length] * nanosPerHour;
  const offset = length === "week" ? mondayOffset : 0n;
  const digits = length === "hour" ? 10 : 8;
  const rangeBits = idBits - numberBits[length];
  const idsOf = (number: bigint): IdRange => ({
    first: number << rangeBits,
    lowerBits: (1n << rangeBits) - 1n,
  });
  const form = new RegExp(`^\\d{${digits}}$`);

  const windowOf = (start: bigint): Window => {
    const [, year, month, day, hour] =
      /^(\d+)-(\d+)-(\d+)T(\d+)/.exec(new Date(Number(start / 1_000_000n)).toISOString()) ?? [];
    const name = `${year}${month}${day}${length === "hour" ? hour : ""}`;
    // Cut where the ordinary times end, so that every time has one window.
    return {
      name,
      startUnixNano: start < ordinaryFrom ? ordinaryFrom : start,
      endUnixNano: start + size > ordinaryUntil ? ordinaryUntil : start + size,
      // From 3 on, since the first week may begin before the ordinary times do.
      ids: idsOf(3n + (start + size - ordinaryFrom) / size),
    };
  };
  const pastWindow = { name: past, startUnixNano: 0n, endUnixNano: ordinaryFrom, ids: idsOf(1n) };
  const futureWindow = {
    name: future,
    startUnixNano: ordinaryUntil,
    endUnixNano: 1n << 64n,
    ids: idsOf(2n),
  };

  const at = (unixNano: bigint): Window => {
    if (unixNano < ordinaryFrom) return pastWindow;
    if (unixNano >= ordinaryUntil) return futureWindow;
    return windowOf(((unixNano + offset) / size) * size - offset);
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
      if (!form.test(name)) return undefined;
      const [year, month, day, hour = "00"] = name.match(/^\d{4}|\d\d/g) ?? [];
      const start = Date.parse(`${year}-${month}-${day}T${hour}:00:00Z`);
      if (Number.isNaN(start)) return undefined;
      const window = at(BigInt(start) * 1_000_000n);
      return window.name === name ? window : undefined;
    },
  };
}

/** @throws INVALID_OPTIONS for a length that there is not. */
export function checkWindowLength(length: string): asserts length is WindowLength {
  if (Object.hasOwn(hours, length)) return;
  throw invalidOption("window", 'is none of "hour", "day" and "week"');
}
