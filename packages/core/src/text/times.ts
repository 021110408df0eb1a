import { parseDuration, parseInstant } from "../query/filter/language/literals.js";

const dayNanos = 24n * 3_600_000_000_000n;

/** A length of time in nanoseconds: `90s`, `1h30m`, `250us`, and with days and weeks, `7d`, `2w`, `1d12h`. */
export function parseTimeSpan(text: string): bigint | undefined {
  const [, weeks, days, rest = ""] = /^(?:(\d{1,6})w)?(?:(\d{1,6})d)?(.*)$/.exec(text) ?? [];
  if (weeks === undefined && days === undefined) return parseDuration(text);
  const whole = (BigInt(weeks ?? 0) * 7n + BigInt(days ?? 0)) * dayNanos;
  if (rest === "") return whole;
  const part = parseDuration(rest);
  return part === undefined || part < 0n ? undefined : whole + part;
}

/**
 * A point in time in nanoseconds since the epoch: RFC 3339 (`2026-11-21T17:05:52.1Z`), a date for its beginning in
 * UTC, or a number since the epoch in seconds, which may have a fraction, or in milli-, micro- or nanoseconds, which
 * is told from its size.
 */
export function parseTime(text: string): bigint | undefined {
  const number = /^(\d{1,20})(?:\.(\d{1,9}))?$/.exec(text);
  if (number === null) return parseInstant(/^\d{4}-\d{2}-\d{2}$/.test(text) ? `${text}T00:00:00Z` : text);
  const [, whole = "", fraction] = number;
  const value = BigInt(whole);
  if (value < 100_000_000_000n) return value * 1_000_000_000n + BigInt((fraction ?? "").padEnd(9, "0"));
  if (fraction !== undefined) return undefined;
  if (value < 100_000_000_000_000n) return value * 1_000_000n;
  return value < 100_000_000_000_000_000n ? value * 1_000n : value;
}
