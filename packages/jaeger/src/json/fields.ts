import { SpanStoreError } from "@spanstore/core";

/** An object of Jaeger's JSON with unchecked fields. */
export type JsonObject = Readonly<Record<string, unknown>>;

/*
 * Each reader takes a value from `parseExactly`. Integers may also be strings of digits. A value of another type throws
 * INVALID_TRACES with the field's name. null counts as absent and reads as the zero value, as in Go, except for ids and
 * starts, which every span needs.
 */

export function readObject(value: unknown, field: string): JsonObject {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as JsonObject;
  throw refused(field, value, "an object");
}

export function readList(value: unknown, field: string): readonly unknown[] {
  if (isAbsent(value)) return [];
  if (Array.isArray(value)) return value;
  throw refused(field, value, "a list");
}

export function readText(value: unknown, field: string): string {
  if (isAbsent(value)) return "";
  if (typeof value === "string") return value;
  throw refused(field, value, "a string");
}

const wholeNumber = /^[+-]?\d{1,20}$/;

export function readInt64(value: unknown, field: string): bigint {
  const integer = integerOf(value);
  if (integer === undefined) throw refused(field, value, "a whole number");
  if (BigInt.asIntN(64, integer) !== integer) throw refused(field, value, "a whole number of 64 bits");
  return integer;
}

export function readUint32(value: unknown, field: string): number {
  const integer = integerOf(value);
  if (integer !== undefined && BigInt.asUintN(32, integer) === integer) return Number(integer);
  throw refused(field, value, "a whole number of 32 bits");
}

const lastMicros = (2n ** 63n - 1n) / 1000n;
const firstMicros = -(2n ** 63n) / 1000n;

/**
 * Microseconds whose nanoseconds fit into 64 bits. Jaeger writes negative ones as unsigned numbers. Fractions are rounded:
 * Grafana divides and multiplies the times that it saves.
 */
export function readMicros(value: unknown, field: string): bigint {
  const given = typeof value === "number" ? Math.round(value) : value;
  const integer = typeof given === "number" && Number.isFinite(given) ? BigInt(given) : integerOf(given);
  if (integer === undefined) throw refused(field, value, "a number of microseconds");
  const micros = integer > 2n ** 63n ? integer - 2n ** 64n : integer;
  if (micros >= firstMicros && micros <= lastMicros) return micros;
  throw refused(field, value, "microseconds of which 64 bits hold the nanoseconds");
}

/** Like `readMicros`, for an instant, which must be present. */
export function readInstant(value: unknown, field: string): bigint {
  if (isAbsent(value)) throw refused(field, value, "microseconds since 1970");
  return readMicros(value, field);
}

/** A whole number of any size; undefined for anything else. */
function integerOf(value: unknown): bigint | undefined {
  if (isAbsent(value)) return 0n;
  if (typeof value === "bigint") return value;
  if (typeof value === "string" && wholeNumber.test(value)) return BigInt(value.replace("+", ""));
  return typeof value === "number" && Number.isSafeInteger(value) ? BigInt(value) : undefined;
}

const hexDigits = /^[0-9a-fA-F]+$/;
const zeros = /^0*$/;

/** Whether an id is absent, empty or all zeros. */
export function isNoId(value: unknown): boolean {
  return isAbsent(value) || (typeof value === "string" && zeros.test(value));
}

/** An id in hex as bytes; short ones get leading zeros. @param zerosToo accepts an id that is all zeros. */
export function readId(value: unknown, field: string, size: 8 | 16, zerosToo?: "zeros too"): Buffer {
  const text = readText(value, field);
  if (text.length > size * 2 || !hexDigits.test(text))
    throw refused(field, value, `1 to ${size * 2} hex digits`);
  if (zeros.test(text) && zerosToo === undefined) throw refused(field, value, "an id that is not all zeros");
  return Buffer.from(text.padStart(size * 2, "0"), "hex");
}

export function isAbsent(value: unknown): value is null | undefined {
  return value === undefined || value === null;
}

export function refused(field: string, value: unknown, wanted: string): SpanStoreError {
  return new SpanStoreError("INVALID_TRACES", `${field}: ${described(value)} instead of ${wanted}`, {
    field,
  });
}

const longestShown = 40;

function described(value: unknown): string {
  if (value === undefined) return "nothing";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object" && value !== null) return "an object";
  const text = typeof value === "bigint" ? String(value) : JSON.stringify(value);
  return text.length > longestShown ? `${text.slice(0, longestShown)}...` : text;
}
