import type { Cursor } from "@spanstore/core/otlp";
import { keyCodeAt } from "../model/keys.js";
import {
  boolType,
  bytesType,
  doubleType,
  intType,
  isZeroDouble,
  isZeroVarint,
  type Pairs,
  stringType,
} from "../model/pairs.js";
import { malformed } from "../model/refuse.js";

/**
 * Appends the jaeger.api_v2.KeyValue between the cursor and `end`, and moves the cursor to `end`.
 * @throws INVALID_TRACES, without a field, when the bytes are no KeyValue.
 */
export function readTag(pairs: Pairs, cursor: Cursor, end: number): void {
  const { bytes } = cursor;
  const row = pairs.length;
  const outerEnd = cursor.end;
  let keyStart = 0;
  let keyEnd = 0;
  let type = stringType;
  let textStart = 0;
  let textEnd = 0;
  let bool = false;
  let intStart = 0;
  let intEnd = 0;
  let doubleStart = 0;
  let doubleEnd = 0;
  let blobStart = 0;
  let blobEnd = 0;
  let unknown = false;
  pairs.start[row] = cursor.pos;
  pairs.end[row] = end;
  cursor.end = end;
  while (cursor.pos < end) {
    const tag = cursor.tag();
    switch (tag) {
      case 0x0a:
        keyEnd = cursor.lengthEnd();
        keyStart = cursor.pos;
        cursor.pos = keyEnd;
        break;
      case 0x10:
        type = cursor.varint32() | 0;
        break;
      case 0x1a:
        textEnd = cursor.lengthEnd();
        textStart = cursor.pos;
        cursor.pos = textEnd;
        break;
      case 0x20: {
        const start = cursor.pos;
        cursor.skip(tag);
        bool = !isZeroVarint(bytes, start, cursor.pos);
        break;
      }
      case 0x28:
        intStart = cursor.pos;
        cursor.skip(tag);
        intEnd = cursor.pos;
        break;
      case 0x31:
        doubleStart = cursor.pos;
        cursor.skip(tag);
        doubleEnd = cursor.pos;
        break;
      case 0x3a:
        blobEnd = cursor.lengthEnd();
        blobStart = cursor.pos;
        cursor.pos = blobEnd;
        break;
      default:
        if (tag >>> 3 <= 7) malformed("a field has a wrong wire type");
        cursor.skip(tag);
        unknown = true;
    }
  }
  cursor.end = outerEnd;
  if (isZeroVarint(bytes, intStart, intEnd)) intEnd = intStart;
  if (isZeroDouble(bytes, doubleStart, doubleEnd)) doubleEnd = doubleStart;

  pairs.length = row + 1;
  pairs.keyStart[row] = keyStart;
  pairs.keyEnd[row] = keyEnd;
  pairs.key[row] = keyCodeAt(bytes, keyStart, keyEnd);
  pairs.type[row] = type;
  let valueStart = 0;
  let valueEnd = 0;
  // A bit for each value that has content. Only that of the declared type counts; others make the tag odd.
  let values = 0;
  if (textEnd > textStart) values |= 1 << stringType;
  if (bool) values |= 1 << boolType;
  if (intEnd > intStart) values |= 1 << intType;
  if (doubleEnd > doubleStart) values |= 1 << doubleType;
  if (blobEnd > blobStart) values |= 1 << bytesType;
  switch (type) {
    case stringType:
      valueStart = textStart;
      valueEnd = textEnd;
      break;
    case boolType:
      valueEnd = bool ? 1 : 0;
      break;
    case intType:
      valueStart = intStart;
      valueEnd = intEnd;
      break;
    case doubleType:
      valueStart = doubleStart;
      valueEnd = doubleEnd;
      break;
    case bytesType:
      valueStart = blobStart;
      valueEnd = blobEnd;
      break;
    default:
      unknown = true;
  }
  pairs.valueStart[row] = valueStart;
  pairs.valueEnd[row] = valueEnd;
  pairs.odd[row] = unknown || (values & ~(1 << type)) !== 0;
}
