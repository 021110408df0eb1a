import { Cursor } from "@spanstore/core/otlp";
import { readAttribute, readItem } from "../to-jaeger/read-attribute.js";
import { boolType, bytesType, doubleType, intType, listType, mapType, Pairs, stringType } from "./pairs.js";
import { Ranges } from "./ranges.js";
import { malformed } from "./refuse.js";

/** Stored values nest less deep. */
const maxDepth = 100;
const doubles = new DataView(new ArrayBuffer(8));

/**
 * The text of a value, as `Value.AsString()` of the pdata in Jaeger 1.76 writes it. For lists and maps it is the JSON of Go's
 * encoding/json, which escapes `<`, `>` and `&`; it is "" when one of the numbers is not finite.
 */
export function valueText(pairs: Pairs, row: number): string {
  const { bytes } = pairs;
  const start = pairs.valueStart[row] as number;
  const end = pairs.valueEnd[row] as number;
  switch (pairs.type[row]) {
    case stringType:
      return pairs.text(row);
    case boolType:
      return end > start ? "true" : "false";
    case intType:
      return intText(bytes, start, end);
    case doubleType: {
      const value = doubleAt(bytes, start, end);
      if (Number.isFinite(value)) return doubleText(value);
      return `json: unsupported value: ${Number.isNaN(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf"}`;
    }
    case bytesType:
      return base64(bytes, start, end);
    default:
      return compositeText(pairs, row);
  }
}

/** The text of a list or map; empty for any other value. */
export function compositeText(pairs: Pairs, row: number): string {
  const type = pairs.type[row];
  return type === listType || type === mapType ? (json(pairs, row, 0) ?? "") : "";
}

/** The items of a list as ranges of text; items of other types are empty. */
export function textsOfList(pairs: Pairs, row: number): Ranges {
  const ranges = new Ranges();
  const items = entriesOf(pairs, row);
  for (let item = 0; item < items.length; item++) {
    const isText = items.type[item] === stringType;
    ranges.add(
      isText ? (items.valueStart[item] as number) : 0,
      isText ? (items.valueEnd[item] as number) : 0,
    );
  }
  return ranges;
}

/** Compact JSON, or undefined when the value holds a number that JSON cannot write. */
function json(pairs: Pairs, row: number, depth: number): string | undefined {
  if (depth > maxDepth) malformed(`a value is nested deeper than ${maxDepth} levels`);
  const { bytes } = pairs;
  const start = pairs.valueStart[row] as number;
  const end = pairs.valueEnd[row] as number;
  switch (pairs.type[row]) {
    case stringType:
      return jsonString(bytes, start, end);
    case boolType:
    case intType:
      return valueText(pairs, row);
    case doubleType: {
      const value = doubleAt(bytes, start, end);
      return Number.isFinite(value) ? doubleText(value) : undefined;
    }
    case bytesType:
      return end > start ? `"${base64(bytes, start, end)}"` : "null";
    case listType:
      return jsonArray(entriesOf(pairs, row), depth + 1);
    case mapType:
      return jsonObject(entriesOf(pairs, row), depth + 1);
    default:
      return "null";
  }
}

function jsonArray(items: Pairs, depth: number): string | undefined {
  const parts: string[] = [];
  for (let row = 0; row < items.length; row++) {
    const part = json(items, row, depth);
    if (part === undefined) return undefined;
    parts.push(part);
  }
  return `[${parts.join(",")}]`;
}

/** Sorts by the bytes of the keys; of equal keys the last counts. */
function jsonObject(entries: Pairs, depth: number): string | undefined {
  const rowOfKey = new Map<string, number>();
  for (let row = 0; row < entries.length; row++) {
    const key = view(entries.bytes, entries.keyStart[row] as number, entries.keyEnd[row] as number);
    rowOfKey.set(key.toString("latin1"), row);
  }
  const parts: string[] = [];
  for (const [, row] of [...rowOfKey].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const part = json(entries, row, depth);
    if (part === undefined) return undefined;
    const key = jsonString(entries.bytes, entries.keyStart[row] as number, entries.keyEnd[row] as number);
    parts.push(`${key}:${part}`);
  }
  return `{${parts.join(",")}}`;
}

/** The entries of an ArrayValue or KeyValueList as new rows. */
function entriesOf(pairs: Pairs, row: number): Pairs {
  const entries = new Pairs();
  entries.reset(pairs.bytes);
  const isMap = pairs.type[row] === mapType;
  const end = pairs.valueEnd[row] as number;
  const cursor = new Cursor(pairs.bytes, pairs.valueStart[row] as number, end);
  while (cursor.pos < end) {
    const tag = cursor.tag();
    if (tag === 0x0a) {
      const entryEnd = cursor.lengthEnd();
      if (isMap) readAttribute(entries, cursor, entryEnd);
      else readItem(entries, cursor, entryEnd);
    } else {
      if (tag >>> 3 === 1) malformed("a list has a field of a wrong wire type");
      cursor.skip(tag);
    }
  }
  return entries;
}

function jsonString(bytes: Uint8Array, start: number, end: number): string {
  const text = view(bytes, start, end).toString();
  return `"${text.includes("\ufffd") ? escapedBytes(bytes, start, end) : escapedText(text)}"`;
}

function escapedText(text: string): string {
  return JSON.stringify(text)
    .slice(1, -1)
    .replace(/[<>&\u2028\u2029]/g, (character) => {
      return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
    });
}

/** Escapes text, and each byte outside a UTF-8 character as U+FFFD. */
function escapedBytes(bytes: Uint8Array, start: number, end: number): string {
  let out = "";
  let from = start;
  let at = start;
  while (at < end) {
    const size = characterSize(bytes, at, end);
    if (size === 0) {
      out += `${escapedText(view(bytes, from, at).toString())}\\ufffd`;
      from = at + 1;
    }
    at += Math.max(size, 1);
  }
  return out + escapedText(view(bytes, from, end).toString());
}

/** The size in bytes of the UTF-8 character at `at`; 0 when there is none. */
function characterSize(bytes: Uint8Array, at: number, end: number): number {
  const first = bytes[at] as number;
  if (first < 0x80) return 1;
  const size = first < 0xc2 || first > 0xf4 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  if (size === 0 || at + size > end) return 0;
  const second = bytes[at + 1] as number;
  const least = first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80;
  const most = first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf;
  if (second < least || second > most) return 0;
  for (let i = 2; i < size; i++) if (((bytes[at + i] as number) & 0xc0) !== 0x80) return 0;
  return size;
}

function intText(bytes: Uint8Array, start: number, end: number): string {
  if (end === start) return "0";
  return BigInt.asIntN(64, new Cursor(bytes, start, end).varint64()).toString();
}

/** Go writes doubles like ECMAScript, except for the sign of -0. */
function doubleText(value: number): string {
  return Object.is(value, -0) ? "-0" : String(value);
}

function doubleAt(bytes: Uint8Array, start: number, end: number): number {
  if (end === start) return 0;
  doubles.setBigUint64(0, new Cursor(bytes, start, end).fixed64());
  return doubles.getFloat64(0);
}

function base64(bytes: Uint8Array, start: number, end: number): string {
  return view(bytes, start, end).toString("base64");
}

function view(bytes: Uint8Array, start: number, end: number): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start);
}
