import { settings } from "../app/settings.js";

const units = [
  [86_400e9, "d"],
  [3_600e9, "h"],
  [60e9, "m"],
  [1e9, "s"],
  [1e6, "ms"],
  [1e3, "µs"],
] as const;

/** Formats nanoseconds as a length of time with about three digits: `742 ms`, `1.87 s`, `2 m 5 s`. */
export function formatDuration(nano: number | bigint): string {
  const value = Number(nano);
  const size = Math.abs(value);
  if (size === 0) return "0";
  if (size >= 60e9) return inTwoUnits(value);
  const [unit, name] = units.find(([each]) => size >= each) ?? [1, "ns"];
  const amount = value / unit;
  const digits = Math.abs(amount) >= 100 || unit === 1 ? 0 : Math.abs(amount) >= 10 ? 1 : 2;
  return `${trimmed(amount.toFixed(digits))} ${name}`;
}

function inTwoUnits(value: number): string {
  const rounded = roundedTo(unitsOf(value)[1][0], Math.abs(value));
  const [[unit, name], [lower, lowerName]] = unitsOf(rounded);
  const whole = Math.floor(rounded / unit);
  const rest = Math.round((rounded - whole * unit) / lower);
  return `${value < 0 ? "-" : ""}${whole} ${name}${rest === 0 ? "" : ` ${rest} ${lowerName}`}`;
}

type Unit = (typeof units)[number];

/** The largest unit that fits, and the one below it. */
function unitsOf(value: number): readonly [Unit, Unit] {
  const at = units.findIndex(([each]) => Math.abs(value) >= each);
  return [units[at] as Unit, units[at + 1] as Unit];
}

function roundedTo(unit: number, value: number): number {
  return Math.round(value / unit) * unit;
}

function trimmed(digits: string): string {
  return digits.includes(".") ? digits.replace(/\.?0+$/, "") : digits;
}

/** Formats nanoseconds since 1970 in the chosen zone: `2026-11-21 17:05:52.123`. */
export function formatTime(unixNano: bigint, { date = true, digits = 3 } = {}): string {
  const text = isoOf(Number(unixNano / 1_000_000n));
  const nanos = String(unixNano % 1_000_000_000n).padStart(9, "0");
  const time = text.slice(11, 19) + (digits === 0 ? "" : `.${nanos.slice(0, digits)}`);
  return date ? `${text.slice(0, 10)} ${time}` : time;
}

/** Formats milliseconds since 1970 for an input field: `2026-11-21T17:05:52`. */
export function formatInput(millis: number): string {
  return isoOf(millis).slice(0, 19);
}

/** Parses the time in an input field; undefined for an invalid one. */
export function parseInput(text: string): number | undefined {
  const millis = Date.parse(settings.zone.value === "utc" ? `${text}Z` : text);
  return Number.isNaN(millis) ? undefined : millis;
}

function isoOf(millis: number): string {
  const time = new Date(millis);
  if (Number.isNaN(time.getTime())) return "0000-00-00T00:00:00";
  if (settings.zone.value === "utc") return time.toISOString();
  return new Date(millis - time.getTimezoneOffset() * 60_000).toISOString();
}

export function formatCount(count: number): string {
  return count.toLocaleString(settings.language.value === "zh" ? "zh-CN" : "en-US");
}

/** Formats a rate as calls a second, or a minute for a low rate. */
export function formatRate(perSecond: number): string {
  const [rate, unit] = perSecond < 1 ? [perSecond * 60, "min"] : [perSecond, "s"];
  return `${rate >= 100 ? formatCount(Math.round(rate)) : trimmed(rate.toPrecision(2))} / ${unit}`;
}

export function formatShare(share: number): string {
  const percent = share * 100;
  return `${percent === 0 || percent >= 10 ? Math.round(percent) : trimmed(percent.toPrecision(2))} %`;
}
