import { SpanStoreError } from "../errors/errors.js";
import type { AnyValue, KeyValue } from "../model/any-value.js";
import { joinBytes } from "./own-bytes.js";
import { Cursor, expectWireType, readText, wireBytes, wireFixed64, wireVarint } from "./wire.js";

/** Deeper values are refused, so that no input overflows the stack. */
export const maxValueDepth = 64;

const emptyBytes = new Uint8Array(0);
const floats = new DataView(new ArrayBuffer(8));

/** Decodes the KeyValue in the cursor's range. */
export function decodeKeyValue(cursor: Cursor, depth = 0): KeyValue {
  let key = "";
  let value: AnyValue = {};
  while (cursor.pos < cursor.end) {
    const tag = cursor.tag();
    switch (tag >>> 3) {
      case 1: {
        expectWireType(tag, wireBytes, "KeyValue.key");
        const end = cursor.lengthEnd();
        key = readText(cursor.bytes, cursor.pos, end);
        cursor.pos = end;
        break;
      }
      case 2: {
        expectWireType(tag, wireBytes, "KeyValue.value");
        const end = cursor.lengthEnd();
        value = decodeAnyValue(new Cursor(cursor.bytes, cursor.pos, end), depth + 1);
        cursor.pos = end;
        break;
      }
      default:
        cursor.skip(tag);
    }
  }
  return { key, value };
}

/** Decodes the AnyValue in the cursor's range. The last member of the oneof counts. */
export function decodeAnyValue(cursor: Cursor, depth = 0): AnyValue {
  if (depth > maxValueDepth) {
    throw new SpanStoreError("INVALID_TRACES", `a value nested deeper than ${maxValueDepth} levels`);
  }
  const { bytes } = cursor;
  let value: AnyValue = {};
  while (cursor.pos < cursor.end) {
    const tag = cursor.tag();
    const field = tag >>> 3;
    if (field === 1 || (field >= 5 && field <= 7)) {
      expectWireType(tag, wireBytes, "AnyValue");
      const end = cursor.lengthEnd();
      if (field === 1) {
        value = { stringValue: readText(bytes, cursor.pos, end) };
      } else if (field === 7) {
        value = { bytesValue: end > cursor.pos ? joinBytes(bytes.subarray(cursor.pos, end)) : emptyBytes };
      } else {
        const inner = new Cursor(bytes, cursor.pos, end);
        value =
          field === 5
            ? { arrayValue: { values: decodeList(inner, (item) => decodeAnyValue(item, depth + 1)) } }
            : { kvlistValue: { values: decodeList(inner, (item) => decodeKeyValue(item, depth + 1)) } };
      }
      cursor.pos = end;
    } else if (field === 2) {
      expectWireType(tag, wireVarint, "AnyValue.bool_value");
      value = { boolValue: cursor.varint64() !== 0n };
    } else if (field === 3) {
      expectWireType(tag, wireVarint, "AnyValue.int_value");
      value = { intValue: BigInt.asIntN(64, cursor.varint64()) };
    } else if (field === 4) {
      expectWireType(tag, wireFixed64, "AnyValue.double_value");
      floats.setBigUint64(0, cursor.fixed64());
      value = { doubleValue: floats.getFloat64(0) };
    } else {
      cursor.skip(tag);
    }
  }
  return value;
}

function decodeList<T>(cursor: Cursor, decode: (item: Cursor) => T): T[] {
  const values: T[] = [];
  while (cursor.pos < cursor.end) {
    const tag = cursor.tag();
    if (tag >>> 3 === 1) {
      expectWireType(tag, wireBytes, "values");
      const end = cursor.lengthEnd();
      values.push(decode(new Cursor(cursor.bytes, cursor.pos, end)));
      cursor.pos = end;
    } else {
      cursor.skip(tag);
    }
  }
  return values;
}
