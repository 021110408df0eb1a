import type { Constant, Ordering } from "../query/filter/language/predicate.js";
import {
  bucketsPerWide,
  durationBucket,
  maxDurationBucket,
  maxNumberBucket,
  numberBucket,
  wideBucket,
} from "./term.js";

/** The range of a number, both ends inclusive; an absent end is open. */
export interface Bounds<T extends bigint | number = bigint | number> {
  readonly min?: T;
  readonly max?: T;
}

/** A range of buckets, both ends inclusive. */
export type Buckets = readonly [from: number, to: number];

/** Bounds are widened by this fraction, far more than the rounding of doubles and logarithms. */
const rounding = 1e-9;

/** The bounds that one comparison sets. */
export function boundsOf<T extends bigint | number>(op: Ordering, value: T): Bounds<T> {
  return op === "gt" || op === "gte" ? { min: value } : { max: value };
}

/** The intersection of two ranges. */
export function narrower<T extends bigint | number>(a: Bounds<T>, b: Bounds<T>): Bounds<T> {
  const min = a.min === undefined || (b.min !== undefined && b.min > a.min) ? b.min : a.min;
  const max = a.max === undefined || (b.max !== undefined && b.max < a.max) ? b.max : a.max;
  return { ...(min !== undefined && { min }), ...(max !== undefined && { max }) };
}

/** The number of a constant that compares only with numbers; undefined for other constants and NaN. */
export function numberIn(constant: Constant): number | undefined {
  const number = constant.type === "int" || constant.type === "double" ? Number(constant.value) : undefined;
  return Number.isNaN(number) ? undefined : number;
}

/** The buckets of a range of an attribute's numbers; empty when `from` exceeds `to`. */
export function numberBuckets({ min, max }: Bounds<number>): Buckets {
  const from = min === undefined ? undefined : numberBucket(min - Math.abs(min) * rounding);
  const to = max === undefined ? undefined : numberBucket(max + Math.abs(max) * rounding);
  return [from ?? -maxNumberBucket, to ?? maxNumberBucket];
}

/** The buckets of a range of durations; undefined when it begins in bucket 0, since such a range holds most spans. */
export function durationBuckets({ min, max }: Bounds<bigint>): Buckets | undefined {
  const from = min === undefined || min <= 1n ? 0 : durationBucket(Number(min) * (1 - rounding));
  const to = max === undefined ? maxDurationBucket : durationBucket(Number(max) * (1 + rounding));
  return from === 0 ? undefined : [from, to];
}

/** Covers a range of buckets, with wide buckets where they lie completely within it. */
export function cover<T>(
  [from, to]: Buckets,
  narrow: (bucket: number) => T,
  wide: (bucket: number) => T,
): T[] {
  const parts: T[] = [];
  for (let bucket = from; bucket <= to; ) {
    const whole = wideBucket(bucket) * bucketsPerWide === bucket && bucket + bucketsPerWide - 1 <= to;
    parts.push(whole ? wide(wideBucket(bucket)) : narrow(bucket));
    bucket += whole ? bucketsPerWide : 1;
  }
  return parts;
}
