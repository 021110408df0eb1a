import { invalidOption } from "../errors/option-checks.js";

/** The length of a partition's time window. */
export type WindowLength = "hour" | "day" | "week";

/** The time window of a partition. */
export interface CalendarWindow {
  /** Its start in UTC: `20260304`, or `2026030417` for a window of an hour. */
  readonly name: string;
  readonly startUnixNano: bigint;
  /** Exclusive. */
  readonly endUnixNano: bigint;
}

/** Divides time into windows of one length. Weeks begin on Mondays. */
export interface Calendar {
  readonly windowNanos: bigint;
  /** The window that contains a time. */
  readonly at: (unixNano: bigint) => CalendarWindow;
  /** The window with this name; undefined when there is none. */
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
  throw invalidOption("window", `must be "hour", "day" or "week", not ${JSON.stringify(length)}`);
}
