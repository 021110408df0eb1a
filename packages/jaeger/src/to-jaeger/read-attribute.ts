import type { Cursor } from "@spanstore/core/otlp";
import { keyCodeAt } from "../model/keys.js";
import {
  boolType,
  bytesType,
  doubleType,
  emptyType,
  intType,
  isZeroDouble,
  isZeroVarint,
  listType,
  mapType,
  type Pairs,
  stringType,
} from "../model/pairs.js";
import { malformed } from "../model/refuse.js";

/**
 * Appends the OTLP KeyValue between the cursor and `end`, and moves the cursor to `end`.
 * @throws INVALID_TRACES, without a field, when the bytes are no KeyValue.
 */
export function readAttribute(pairs: Pairs, cursor: Cursor, end: number): void {
  const row = appendRow(pairs, cursor.pos, end);
  const outerEnd = cursor.end;
  let keyStart = 0;
  let keyEnd = 0;
  cursor.end = end;
  while (cursor.pos < end) {
    const tag = cursor.tag();
    if (tag === 0x0a) {
      keyEnd = cursor.lengthEnd();
      keyStart = cursor.pos;
      cursor.pos = keyEnd;
    } else if (tag === 0x12) {
      readValue(pairs, row, cursor, cursor.lengthEnd());
    } else {
      if (tag >>> 3 <= 2) malformed("an attribute has a field of a wrong wire type");
      cursor.skip(tag);
    }
  }
  cursor.end = outerEnd;
  pairs.keyStart[row] = keyStart;
  pairs.keyEnd[row] = keyEnd;
  pairs.key[row] = keyCodeAt(cursor.bytes, keyStart, keyEnd);
}

/** Like `readAttribute`, for an AnyValue, which has no key. */
export function readItem(pairs: Pairs, cursor: Cursor, end: number): void {
  const row = appendRow(pairs, cursor.pos, end);
  pairs.keyStart[row] = pairs.keyEnd[row] = pairs.key[row] = 0;
  readValue(pairs, row, cursor, end);
}

function appendRow(pairs: Pairs, start: number, end: number): number {
  const row = pairs.length++;
  pairs.start[row] = start;
  pairs.end[row] = end;
  pairs.type[row] = emptyType;
  pairs.valueStart[row] = 0;
  pairs.valueEnd[row] = 0;
  pairs.odd[row] = false;
  return row;
}

/** The last member of a oneof counts. */
function readValue(pairs: Pairs, row: number, cursor: Cursor, end: number): void {
  const { bytes } = cursor;
  const outerEnd = cursor.end;
  cursor.end = end;
  while (cursor.pos < end) {
    const tag = cursor.tag();
    let type = emptyType;
    let start = cursor.pos;
    let valueEnd = 0;
    switch (tag) {
      case 0x0a:
      case 0x2a:
      case 0x32:
      case 0x3a:
        type = tag === 0x0a ? stringType : tag === 0x2a ? listType : tag === 0x32 ? mapType : bytesType;
        valueEnd = cursor.lengthEnd();
        start = cursor.pos;
        cursor.pos = valueEnd;
        break;
      case 0x10:
      case 0x18: {
        cursor.skip(tag);
        const isZero = isZeroVarint(bytes, start, cursor.pos);
        type = tag === 0x10 ? boolType : intType;
        valueEnd = isZero ? start : cursor.pos;
        break;
      }
      case 0x21:
        type = doubleType;
        cursor.skip(tag);
        valueEnd = isZeroDouble(bytes, start, cursor.pos) ? start : cursor.pos;
        break;
      default:
        if (tag >>> 3 <= 7) malformed("a value has a wrong wire type");
        cursor.skip(tag);
        continue;
    }
    pairs.type[row] = type;
    pairs.valueStart[row] = start;
    pairs.valueEnd[row] = valueEnd;
  }
  cursor.end = outerEnd;
}
