import type { Cursor, WireWriter } from "@spanstore/core/otlp";
import { malformed } from "./refuse.js";

/**
 * A 64-bit number as two unsigned halves: a bigint for every time of a span would cost more than the rest of its translation.
 * Like Jaeger's own translator, these functions read OTLP's unsigned times as signed ones.
 */
export class Int64 {
  high = 0;
  low = 0;

  set(high: number, low: number): void {
    this.high = high;
    this.low = low;
  }
}

/**
 * How an instant of Jaeger's model fits into OTLP. "unset": absent, or Go's zero time in the year 1, which OTLP writes as 0.
 * "wrapped": before 1677 or after 2262, so that its lower 64 bits are another instant.
 */
export type Fit = "exact" | "unset" | "wrapped";

const half = 2 ** 32;
const signBit = 2 ** 31;
const nanosPerSecond = 1e9;
const firstSecond = -62_135_596_800;
const lastSecond = 253_402_300_799;
const longestSeconds = 315_576_000_000;

/** The results of the last `readParts`. */
let seconds = 0;
let nanos = 0;

/**
 * Reads a google.protobuf.Timestamp as nanoseconds since the epoch.
 * @throws INVALID_TRACES, without a field, when it is malformed or outside the bounds of Jaeger's own decoder.
 */
export function readTimestamp(cursor: Cursor, end: number, into: Int64): Fit {
  readParts(cursor, end);
  if (seconds < firstSecond || seconds > lastSecond) malformed("is outside the years 1 to 9999");
  if (nanos < 0 || nanos >= nanosPerSecond) malformed(`nanos must be 0 to 999999999, is ${nanos}`);
  if (seconds === firstSecond && nanos === 0) {
    into.set(0, 0);
    return "unset";
  }
  return toNanos(into) ? "exact" : "wrapped";
}

/**
 * Reads a google.protobuf.Duration as signed nanoseconds.
 * @throws INVALID_TRACES, without a field, when it is malformed or outside the bounds of Jaeger's own decoder.
 */
export function readDuration(cursor: Cursor, end: number, into: Int64): void {
  readParts(cursor, end);
  if (Math.abs(seconds) > longestSeconds) malformed("is longer than 10000 years");
  if (Math.abs(nanos) >= nanosPerSecond) malformed(`nanos must be below a second, is ${nanos}`);
  if (seconds * nanos < 0) malformed("seconds and nanos have different signs");
  if (!toNanos(into)) malformed("is longer than 292 years");
}

function readParts(cursor: Cursor, end: number): void {
  seconds = 0;
  nanos = 0;
  const outerEnd = cursor.end;
  cursor.end = end;
  while (cursor.pos < end) {
    const tag = cursor.tag();
    if (tag === 0x08) seconds = readSeconds(cursor);
    else if (tag === 0x10) nanos = cursor.varint32() | 0;
    else if (tag >>> 3 <= 2) malformed("has a wrong wire type");
    else cursor.skip(tag);
  }
  cursor.end = outerEnd;
}

/** A signed 64-bit varint. Rounded beyond 2^53, which is outside all bounds anyway. */
function readSeconds(cursor: Cursor): number {
  const start = cursor.pos;
  let value = 0;
  for (let factor = 1; cursor.pos < cursor.end && cursor.pos < start + 7; factor *= 128) {
    const byte = cursor.bytes[cursor.pos++] as number;
    value += (byte & 127) * factor;
    if (byte < 128) return value;
  }
  cursor.pos = start;
  return Number(BigInt.asIntN(64, cursor.varint64()));
}

/** @returns whether the nanoseconds fit into signed 64 bits; otherwise `into` has the lower 64. */
function toNanos(into: Int64): boolean {
  const negative = seconds < 0 || nanos < 0;
  const size = Math.abs(seconds);
  // Split, so that every product fits into a double's exact range.
  const upper = Math.floor(size / 65536) * nanosPerSecond;
  const lower =
    (upper % 65536) * 65536 + (size % 65536) * nanosPerSecond + (seconds < 0 ? -nanos : Math.abs(nanos));
  const carry = Math.floor(lower / half);
  let high = Math.floor(upper / 65536) + carry;
  let low = lower - carry * half;
  if (negative) {
    high = low === 0 ? -high : -high - 1;
    low = low === 0 ? 0 : half - low;
  }
  into.set(high >>> 0, low);
  return high >= -signBit && high < signBit;
}

/** @returns whether the sum fits into signed 64 bits; otherwise `into` has the lower 64. */
export function add(a: Int64, b: Int64, into: Int64): boolean {
  const low = a.low + b.low;
  const high = (a.high + b.high + (low >= half ? 1 : 0)) >>> 0;
  const overflows = (~(a.high ^ b.high) & (a.high ^ high)) < 0;
  into.set(high, low % half);
  return !overflows;
}

/** Writes an instant as the content of a google.protobuf.Timestamp. */
export function writeTimestamp(writer: WireWriter, high: number, low: number): void {
  if (high < signBit) {
    writeNonNegative(writer, high, low);
    return;
  }
  const total = signed(high, low);
  const rest = ((total % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n;
  writeParts(writer, (total - rest) / 1_000_000_000n, rest);
}

/** Writes the time from one instant to another as the content of a google.protobuf.Duration. */
export function writeDuration(writer: WireWriter, from: Int64, to: Int64): void {
  const low = to.low - from.low;
  const high = to.high - from.high - (low < 0 ? 1 : 0);
  if (from.high < signBit && to.high < signBit && high >= 0) {
    writeNonNegative(writer, high, low < 0 ? low + half : low);
    return;
  }
  // Go's time.Sub saturates at 64 bits.
  const difference = signed(to.high, to.low) - signed(from.high, from.low);
  const bound = 1n << 63n;
  const total = difference >= bound ? bound - 1n : difference < -bound ? -bound : difference;
  writeParts(writer, total / 1_000_000_000n, total % 1_000_000_000n);
}

function signed(high: number, low: number): bigint {
  return BigInt.asIntN(64, (BigInt(high) << 32n) | BigInt(low));
}

function writeNonNegative(writer: WireWriter, high: number, low: number): void {
  // The quotient of doubles is off by at most one, which the remainder of the lower halves shows.
  let whole = Math.floor((high * half + low) / nanosPerSecond);
  let rest = (low - Math.imul(whole, nanosPerSecond)) | 0;
  if (rest < 0) {
    whole--;
    rest += nanosPerSecond;
  } else if (rest >= nanosPerSecond) {
    whole++;
    rest -= nanosPerSecond;
  }
  if (rest !== 0) {
    writer.varint(rest);
    writer.byte(0x10);
  }
  if (whole !== 0) {
    writer.varint64(Math.floor(whole / half), whole >>> 0);
    writer.byte(0x08);
  }
}

/** Writes seconds and nanoseconds as the content of a Timestamp or a Duration. */
export function writeParts(writer: WireWriter, whole: bigint, rest: bigint): void {
  writeBigint(writer, 0x10, rest);
  writeBigint(writer, 0x08, whole);
}

function writeBigint(writer: WireWriter, tag: number, value: bigint): void {
  if (value === 0n) return;
  const bits = BigInt.asUintN(64, value);
  writer.varint64(Number(bits >> 32n), Number(bits & 0xffffffffn));
  writer.byte(tag);
}
