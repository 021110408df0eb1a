import type { AnyValue, KeyValue } from "./any-value.js";
import { compareCodePoints } from "./text-order.js";

/**
 * The text by which searches find a value, exactly as `Value.AsString()` of the Go pdata in Jaeger writes it: ints in decimal,
 * doubles as in JSON, `true` / `false`, bytes in base64, lists and maps as compact JSON with sorted keys, the empty value
 * as "".
 *
 * Three corner cases are Go's: NaN and the infinities are words, but a list or map that contains one is ""; of equal keys in a
 * map the last counts; empty bytes inside a list or map are `null`.
 */
export function textForm(value: AnyValue): string {
  if ("stringValue" in value) return value.stringValue;
  if ("intValue" in value) return value.intValue.toString();
  if ("doubleValue" in value) return doubleText(value.doubleValue);
  if ("boolValue" in value) return value.boolValue ? "true" : "false";
  if ("bytesValue" in value) return base64(value.bytesValue);
  if ("arrayValue" in value || "kvlistValue" in value) return json(value) ?? "";
  return "";
}

/** A double as Go's encoding/json writes it, which is ECMAScript's form except for the sign of -0. */
export function doubleText(value: number): string {
  return Object.is(value, -0) ? "-0" : String(value);
}

/** Compact JSON, or undefined when the value holds a number that JSON cannot write. */
function json(value: AnyValue): string | undefined {
  if ("stringValue" in value) return jsonString(value.stringValue);
  if ("doubleValue" in value) {
    return Number.isFinite(value.doubleValue) ? doubleText(value.doubleValue) : undefined;
  }
  if ("bytesValue" in value) return value.bytesValue.length === 0 ? "null" : `"${base64(value.bytesValue)}"`;
  if ("arrayValue" in value) return jsonArray(value.arrayValue.values);
  if ("kvlistValue" in value) return jsonObject(value.kvlistValue.values);
  return "intValue" in value || "boolValue" in value ? textForm(value) : "null";
}

function jsonArray(values: readonly AnyValue[]): string | undefined {
  const parts: string[] = [];
  for (const value of values) {
    const part = json(value);
    if (part === undefined) return undefined;
    parts.push(part);
  }
  return `[${parts.join(",")}]`;
}

function jsonObject(entries: readonly KeyValue[]): string | undefined {
  const byKey = new Map(entries.map((entry) => [entry.key, entry.value]));
  const parts: string[] = [];
  for (const [key, value] of [...byKey].sort(([a], [b]) => compareCodePoints(a, b))) {
    const part = json(value);
    if (part === undefined) return undefined;
    parts.push(`${jsonString(key)}:${part}`);
  }
  return `{${parts.join(",")}}`;
}

/** Go writes strings like JSON.stringify, but escapes the two line separators. */
function jsonString(text: string): string {
  return JSON.stringify(text).replaceAll("\u2028", "\\u2028").replaceAll("\u2029", "\\u2029");
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
}
