import type { Difference } from "./compare.js";
import { digestOfAll } from "./digest.js";
import type { TimeRange } from "./places/source.js";
import { allTimes } from "./places/source.js";
import type { WindowRecord } from "./state-file.js";

const nanosPerMilli = 1_000_000n;
const nanosPerSecond = 1_000_000_000n;
/** The last millisecond that Date can represent. */
const lastMillis = 8_640_000_000_000_000n;

export interface Totals {
  readonly windows: number;
  readonly spans: number;
  readonly digest: string;
  readonly duplicates: number;
  readonly rejected: number;
  readonly unusable: number;
  readonly missing: number;
  readonly changed: number;
  readonly extra: number;
}

/** Sums up all windows of a copy. */
export function totalsOf(windows: readonly WindowRecord[]): Totals {
  const sum = (part: (record: WindowRecord) => number): number =>
    windows.reduce((total, record) => total + part(record), 0);
  return {
    windows: windows.length,
    spans: sum(({ spans }) => spans),
    digest: digestOfAll(windows.map(({ digest }) => digest)),
    duplicates: sum(({ duplicates }) => duplicates),
    rejected: sum(({ rejected }) => rejected),
    unusable: sum(({ unusable }) => unusable),
    missing: sum(({ missing }) => missing),
    changed: sum(({ changed }) => changed),
    extra: sum(({ extra }) => extra),
  };
}

/** A time as RFC 3339, without trailing zeros in its fraction. */
export function timeText(nanos: bigint): string {
  const millis = nanos / nanosPerMilli;
  if (millis > lastMillis) return `${nanos} ns`;
  const seconds = new Date(Number(millis)).toISOString().slice(0, 19);
  const fraction = String(nanos % nanosPerSecond)
    .padStart(9, "0")
    .replace(/0+$/, "");
  return fraction === "" ? `${seconds}Z` : `${seconds}.${fraction}Z`;
}

/** A range in words. */
export function rangeText({ min, max }: TimeRange): string {
  const isFromFirst = min === allTimes.min;
  const isToLast = max === allTimes.max;
  if (isFromFirst && isToLast) return "all times";
  if (isFromFirst) return `up to ${timeText(max)}`;
  return isToLast ? `from ${timeText(min)} on` : `from ${timeText(min)} to ${timeText(max)}`;
}

/** A line for each difference of a window. */
export function differenceLines(record: WindowRecord, examples: readonly Difference[]): string[] {
  const { missing, changed, extra } = record;
  const counts = [
    [missing, "missing"],
    [changed, "changed"],
    [extra, "extra"],
  ] as const;
  const said = counts.filter(([count]) => count > 0).map(([count, word]) => `${count} ${word}`);
  if (said.length === 0) return [];
  const left = missing + changed + extra - examples.length;
  return [
    `${rangeText(record)}: ${said.join(", ")}`,
    ...examples.map(({ kind, traceId, spanId }) => `  ${kind} trace ${traceId} span ${spanId}`),
    ...(left > 0 ? [`  and ${left} more`] : []),
  ];
}

export function spanCount(count: number): string {
  return `${count.toLocaleString("en-GB")} ${count === 1 ? "span" : "spans"}`;
}
