import { invalidOption } from "@spanstore/core";

/** How much time one index holds. */
export type WindowLength = "hour" | "day" | "week";

/** A span of time whose spans lie in one index. */
export interface Window {
  /** What its index's name ends with. */
  readonly name: string;
  readonly startUnixNano: bigint;
  /** Exclusive. */
  readonly endUnixNano: bigint;
}

const nanosPerHour = 3_600_000_000_000n;
const nanosPerDay = 24n * nanosPerHour;
const hours: Readonly<Record<WindowLength, bigint>> = { hour: 1n, day: 24n, week: 168n };
/** Weeks begin on Mondays; the epoch was a Thursday. */
const mondayOffset = 72n * nanosPerHour;

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
  const size = hours[length] * nanosPerHour;
  const offset = length === "week" ? mondayOffset : 0n;
  const form = new RegExp(`^\\d{${length === "hour" ? 10 : 8}}$`);

  const dated = (unixNano: bigint): Window => {
    const start = ((unixNano + offset) / size) * size - offset;
    const [, year, month, day, hour] =
      /^(\d+)-(\d+)-(\d+)T(\d+)/.exec(new Date(Number(start / 1_000_000n)).toISOString()) ?? [];
    const name = `${year}${month}${day}${length === "hour" ? hour : ""}`;
    return { name, startUnixNano: start, endUnixNano: start + size };
  };

  // Most spans lie in the window of the one before.
  let last = dated(now());
  return {
    // Cut by hours, which every window is made of.
    extentMillis: 3_600_000,
    at: (unixNano) => {
      const time = now();
      if (unixNano < time - datedPast || unixNano > time + datedFuture) return elsewhere;
      if (unixNano < last.startUnixNano || unixNano >= last.endUnixNano) last = dated(unixNano);
      return last;
    },
    named: (name) => {
      if (name === elsewhere.name) return elsewhere;
      if (!form.test(name)) return undefined;
      const [year, month, day, hour = "00"] = name.match(/^\d{4}|\d\d/g) ?? [];
      const start = Date.parse(`${year}-${month}-${day}T${hour}:00:00Z`);
      if (Number.isNaN(start)) return undefined;
      const window = dated(BigInt(start) * 1_000_000n);
      return window.name === name ? window : undefined;
    },
    between: (from, to, most) => {
      const first = ((from + offset) / size) * size - offset;
      if (to < from) return [elsewhere];
      if ((to - first) / size >= BigInt(most)) return undefined;
      const windows: Window[] = [elsewhere];
      for (let start = first; start <= to; start += size) windows.push(dated(start < 0n ? 0n : start));
      return windows;
    },
  };
}

/** @throws INVALID_OPTIONS for a length that there is not. */
export function checkWindowLength(length: string): asserts length is WindowLength {
  if (Object.hasOwn(hours, length)) return;
  throw invalidOption("window", 'is none of "hour", "day" and "week"');
}
