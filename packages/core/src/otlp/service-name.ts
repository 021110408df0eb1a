import { decodeAnyValue } from "./values.js";
import { Cursor, expectWireType, readText, wireBytes } from "./wire.js";

const key = Buffer.from("service.name");

/** The first `service.name` of an encoded Resource; empty unless it is a string. */
export function serviceNameOf(resource: Uint8Array): string {
  const cursor = new Cursor(resource);
  while (cursor.pos < cursor.end) {
    const tag = cursor.tag();
    if (tag >>> 3 !== 1) {
      cursor.skip(tag);
      continue;
    }
    expectWireType(tag, wireBytes, "Resource.attributes");
    const end = cursor.lengthEnd();
    const name = nameIn(resource, cursor.pos, end);
    if (name !== undefined) return name;
    cursor.pos = end;
  }
  return "";
}

/** The text of a KeyValue with the key `service.name`, empty for other values; undefined for another key. */
function nameIn(bytes: Uint8Array, start: number, end: number): string | undefined {
  let isName = false;
  let valueAt = 0;
  let valueEnd = 0;
  const cursor = new Cursor(bytes, start, end);
  while (cursor.pos < end) {
    const tag = cursor.tag();
    const field = tag >>> 3;
    if (field !== 1 && field !== 2) {
      cursor.skip(tag);
      continue;
    }
    expectWireType(tag, wireBytes, "KeyValue");
    const fieldEnd = cursor.lengthEnd();
    if (field === 1) isName = isKey(bytes, cursor.pos, fieldEnd);
    else [valueAt, valueEnd] = [cursor.pos, fieldEnd];
    cursor.pos = fieldEnd;
  }
  if (!isName) return undefined;
  // Fast path: nearly every value is a single string field.
  if (bytes[valueAt] === 0x0a && bytes[valueAt + 1] === valueEnd - valueAt - 2) {
    return readText(bytes, valueAt + 2, valueEnd);
  }
  const value = decodeAnyValue(new Cursor(bytes, valueAt, valueEnd));
  return "stringValue" in value ? value.stringValue : "";
}

function isKey(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start !== key.length) return false;
  for (let i = 0; i < key.length; i++) if (bytes[start + i] !== key[i]) return false;
  return true;
}
