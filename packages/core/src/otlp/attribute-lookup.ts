import type { AnyValue, KeyValue } from "../model/any-value.js";
import { decodeKeyValue } from "./values.js";
import { Cursor } from "./wire.js";

/**
 * Finds the value of a key among encoded KeyValue messages. Compares keys as bytes and decodes only the match. Of duplicate keys
 * the first counts, as in Go's pdata.
 * @param ranges the ranges of the messages in `bytes`, as pairs of start and end.
 */
export type AttributeLookup = (bytes: Uint8Array, ranges: readonly number[]) => AnyValue | undefined;

const keyTag = 0x0a;
const valueTag = 0x12;

export function attributeLookup(key: string): AttributeLookup {
  const wanted = Buffer.from(key, "utf8");
  // Only plain keys compare as bytes: invalid UTF-8 also reads as U+FFFD, and longer keys have a length of several bytes.
  const isPlain = wanted.length < 128 && !key.includes("\ufffd");
  return (bytes, ranges) => {
    for (let i = 0; i < ranges.length; i += 2) {
      const at = ranges[i] as number;
      const end = ranges[i + 1] as number;
      if (isPlain && isOtherKey(bytes, at, end, wanted)) continue;
      const attribute = decodeKeyValue(new Cursor(bytes, at, end));
      if (attribute.key === key) return attribute.value;
    }
    return undefined;
  };
}

/** Whether a KeyValue has another key, when it is one key and at most one value, as every SDK writes it. */
function isOtherKey(bytes: Uint8Array, at: number, end: number, wanted: Uint8Array): boolean {
  if (bytes[at] !== keyTag || at + 2 > end) return false;
  const length = bytes[at + 1] as number;
  const keyAt = at + 2;
  const keyEnd = keyAt + length;
  if (length > 127 || keyEnd > end) return false;
  if (keyEnd < end && !endsWithValue(bytes, keyEnd, end)) return false;
  if (length !== wanted.length) return true;
  // Keys share their beginnings more often than their ends.
  for (let i = length - 1; i >= 0; i--) if (bytes[keyAt + i] !== wanted[i]) return true;
  return false;
}

function endsWithValue(bytes: Uint8Array, at: number, end: number): boolean {
  if (bytes[at] !== valueTag || at + 2 > end) return false;
  const length = bytes[at + 1] as number;
  if (length < 128) return at + 2 + length === end;
  const more = bytes[at + 2] as number;
  return at + 3 <= end && more < 128 && at + 3 + ((length & 127) | (more << 7)) === end;
}

/** Finds the first value of a key among decoded attributes. */
export function firstValueOf(key: string, attributes: readonly KeyValue[]): AnyValue | undefined {
  for (const attribute of attributes) if (attribute.key === key) return attribute.value;
  return undefined;
}
