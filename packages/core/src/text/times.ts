import { parseInstant } from "../query/filter/language/literals.js";

export { parseTimeSpan } from "../query/filter/language/literals.js";

/**
 * Parses a point in time to nanoseconds since the epoch: RFC 3339 (`2026-11-21T17:05:52.1Z`), a date (its start in UTC), or a
 * number since the epoch. The number's size tells its unit: seconds, which may have a fraction, or milli-, micro- or
 * nanoseconds.
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

const timeUnits = [
  ["d", 86_400_000_000_000n],
  ["h", 3_600_000_000_000n],
  ["m", 60_000_000_000n],
  ["s", 1_000_000_000n],
  ["ms", 1_000_000n],
  ["us", 1_000n],
  ["ns", 1n],
] as const;

/** Formats nanoseconds for `parseTimeSpan`, in the largest unit that divides them: `90m`, `7d`. */
export function formatTimeSpan(nano: bigint): string {
  if (nano === 0n) return "0s";
  const [unit, size] = timeUnits.find(([, each]) => nano % each === 0n) ?? ["ns", 1n];
  return `${nano / size}${unit}`;
}
