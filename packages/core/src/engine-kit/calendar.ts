import { invalidOption } from "../errors/option-checks.js";

/** The length of time in one table or index. */
export type WindowLength = "hour" | "day" | "week";

/** A range of time whose spans are in one table or index. */
export interface CalendarWindow {
  /** Of its start, in UTC: `20260304`, of an hour `2026030417`. */
  readonly name: string;
  readonly startUnixNano: bigint;
  /** Exclusive. */
  readonly endUnixNano: bigint;
}

/** All time, in windows of one length. Weeks begin on Mondays. */
export interface Calendar {
  readonly windowNanos: bigint;
  /** The window of a time. */
  readonly at: (unixNano: bigint) => CalendarWindow;
  /** The window of a name; undefined when no window has it. */
  readonly named: (name: string) => CalendarWindow | undefined;
}

const nanosPerMilli = 1_000_000n;
const nanosPerHour = 3_600_000_000_000n;
const hours: Readonly<Record<WindowLength, bigint>> = { hour: 1n, day: 24n, week: 168n };
/** The epoch was a Thursday. */
const mondayOffset = 72n * nanosPerHour;

export function createCalendar(length: WindowLength): Calendar {
  const windowNanos = hours[length] * nanosPerHour;
  const offset = length === "week" ? mondayOffset : 0n;
  const form = new RegExp(`^\\d{${length === "hour" ? 10 : 8}}$`);

  const at = (unixNano: bigint): CalendarWindow => {
    const startUnixNano = ((unixNano + offset) / windowNanos) * windowNanos - offset;
    const [, year, month, day, hour] =
      /^(\d+)-(\d+)-(\d+)T(\d+)/.exec(new Date(Number(startUnixNano / nanosPerMilli)).toISOString()) ?? [];
    const name = `${year}${month}${day}${length === "hour" ? hour : ""}`;
    return { name, startUnixNano, endUnixNano: startUnixNano + windowNanos };
  };

  return {
    windowNanos,
    at,
    named: (name) => {
      if (!form.test(name)) return undefined;
      const [year, month, day, hour = "00"] = name.match(/^\d{4}|\d\d/g) ?? [];
      const start = Date.parse(`${year}-${month}-${day}T${hour}:00:00Z`);
      if (Number.isNaN(start)) return undefined;
      const window = at(BigInt(start) * nanosPerMilli);
      return window.name === name ? window : undefined;
    },
  };
}

/** @throws INVALID_OPTIONS for an unknown length. */
export function checkWindowLength(length: string): asserts length is WindowLength {
  if (Object.hasOwn(hours, length)) return;
  throw invalidOption("window", 'is none of "hour", "day" and "week"');
}
