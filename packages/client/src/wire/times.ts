import { SpanStoreError } from "@spanstore/core";

/** google.protobuf.Timestamp as proto-loader reads it. */
export interface Timestamp {
  readonly seconds?: string;
  readonly nanos?: number;
}

/** google.protobuf.Duration as proto-loader reads it. */
export interface Duration {
  readonly seconds?: string;
  readonly nanos?: number;
}

const nanosPerSecond = 1_000_000_000n;
/** OTLP's times are unsigned 64-bit nanoseconds. */
export const latestNano = 2n ** 64n - 1n;
/** The bounds of protobuf's Timestamp: the years 1 to 9999. */
const firstSecond = -62_135_596_800n;
const lastSecond = 253_402_300_799n;
/** The bound of protobuf's Duration: 10,000 years. */
const longestSeconds = 315_576_000_000n;
const longestNano = longestSeconds * nanosPerSecond;

/**
 * An instant in nanoseconds since 1970. Undefined when unset: absent, 0, or the year 1, which is Go's zero time. Instants
 * before 1970 or after 2554, where no span can start, become the nearest possible start.
 * @throws INVALID_QUERY naming `field` for an invalid Timestamp.
 */
export function instant(timestamp: Timestamp | undefined, field: string): bigint | undefined {
  const { seconds, nanos } = parts(timestamp);
  if (nanos < 0n || nanos >= nanosPerSecond) refuse(field, `nanos must be 0 to 999999999, is ${nanos}`);
  if (seconds < firstSecond || seconds > lastSecond) refuse(field, "is outside the years 1 to 9999");
  if (nanos === 0n && (seconds === 0n || seconds === firstSecond)) return undefined;
  const nano = seconds * nanosPerSecond + nanos;
  if (nano < 0n) return 0n;
  return nano > latestNano ? latestNano : nano;
}

/**
 * A length of time in nanoseconds. Undefined when unset: absent or 0.
 * @throws INVALID_QUERY naming `field` for an invalid or negative Duration.
 */
export function duration(value: Duration | undefined, field: string): bigint | undefined {
  const { seconds, nanos } = parts(value);
  if (seconds < 0n || nanos < 0n) refuse(field, "must not be negative");
  if (nanos >= nanosPerSecond) refuse(field, `nanos must be at most 999999999, is ${nanos}`);
  if (seconds > longestSeconds) refuse(field, "is longer than 10000 years");
  const nano = seconds * nanosPerSecond + nanos;
  return nano === 0n ? undefined : nano;
}

/** A length of time as a Duration, clamped to protobuf's range. */
export function protoDuration(nanos: bigint | undefined): Duration | undefined {
  if (nanos === undefined) return undefined;
  const bounded = nanos > longestNano ? longestNano : nanos < -longestNano ? -longestNano : nanos;
  return { seconds: String(bounded / nanosPerSecond), nanos: Number(bounded % nanosPerSecond) };
}

/** @throws INVALID_QUERY when `from` is after `to`. */
export function checkRange(
  from: bigint | undefined,
  to: bigint | undefined,
  fromField: string,
  toField: string,
): void {
  if (from !== undefined && to !== undefined && from > to) refuse(fromField, `is after ${toField}`);
}

/** Nanoseconds since 1970 as a Timestamp. */
export function timestampOf(nano: bigint): Timestamp {
  return { seconds: String(nano / nanosPerSecond), nanos: Number(nano % nanosPerSecond) };
}

function parts(value: Timestamp | Duration | undefined): { seconds: bigint; nanos: bigint } {
  return { seconds: BigInt(value?.seconds ?? 0), nanos: BigInt(value?.nanos ?? 0) };
}

function refuse(field: string, message: string): never {
  throw new SpanStoreError("INVALID_QUERY", message, { field });
}
