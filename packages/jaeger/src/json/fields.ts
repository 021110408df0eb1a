import { SpanStoreError } from "@spanstore/core";

/** An object of Jaeger's JSON whose fields are not looked at yet. */
export type JsonObject = Readonly<Record<string, unknown>>;

/*
 * Each reader takes a value that JSON.parse gave; null and what is absent are the field's zero value, as in Go. What
 * is of another type throws INVALID_TRACES with the field's name.
 */

export function readObject(value: unknown, field: string): JsonObject {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as JsonObject;
  throw refused(field, value, "an object");
}

export function readList(value: unknown, field: string): readonly unknown[] {
  if (value === undefined || value === null) return [];
  if (Array.isArray(value)) return value;
  throw refused(field, value, "a list");
}

export function readText(value: unknown, field: string): string {
  if (value === undefined || value === null) return "";
  if (typeof value === "string") return value;
  throw refused(field, value, "a string");
}

const wholeNumber = /^-?\d{1,20}$/;

/** A number that may be larger than JavaScript's numbers are exact: as a string then. */
export function readInteger(value: unknown, field: string): bigint {
  if (value === undefined || value === null) return 0n;
  if (typeof value === "string" && wholeNumber.test(value)) return BigInt(value);
  if (typeof value === "number" && Number.isSafeInteger(value)) return BigInt(value);
  throw refused(field, value, "a whole number");
}

const hexDigits = /^[0-9a-fA-F]*$/;

/** An id in hex, shorter ones with zeros before them, as bytes. */
export function readId(value: unknown, field: string, size: number): Buffer {
  const text = readText(value, field);
  if (text.length > size * 2 || !hexDigits.test(text)) {
    throw refused(field, value, `at most ${size * 2} hex digits`);
  }
  return Buffer.from(text.padStart(size * 2, "0"), "hex");
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
  const text = JSON.stringify(value);
  return text.length > longestShown ? `${text.slice(0, longestShown)}...` : text;
}
