import type { KeyValue } from "../model/any-value.js";
import type { SpanEvent, SpanLink } from "../model/trace.js";
import { decodeKeyValue } from "./values.js";
import {
  Cursor,
  expectWireType,
  readHex,
  readText,
  wireBytes,
  wireFixed32,
  wireFixed64,
  wireVarint,
} from "./wire.js";

/** Decodes the Span.Event in the cursor's range. */
export function decodeEvent(cursor: Cursor): SpanEvent {
  let timeUnixNano = 0n;
  let name = "";
  let droppedAttributesCount = 0;
  const attributes: KeyValue[] = [];
  while (cursor.pos < cursor.end) {
    const tag = cursor.tag();
    switch (tag >>> 3) {
      case 1:
        expectWireType(tag, wireFixed64, "Event.time_unix_nano");
        timeUnixNano = cursor.fixed64();
        break;
      case 2:
        name = readString(cursor, tag, "Event.name");
        break;
      case 3:
        attributes.push(readMessage(cursor, tag, "Event.attributes", decodeKeyValue));
        break;
      case 4:
        expectWireType(tag, wireVarint, "Event.dropped_attributes_count");
        droppedAttributesCount = cursor.varint32();
        break;
      default:
        cursor.skip(tag);
    }
  }
  return { timeUnixNano, name, attributes, droppedAttributesCount };
}

/** Decodes the Span.Link in the cursor's range. */
export function decodeLink(cursor: Cursor): SpanLink {
  let traceId = "";
  let spanId = "";
  let traceState = "";
  let droppedAttributesCount = 0;
  let flags = 0;
  const attributes: KeyValue[] = [];
  while (cursor.pos < cursor.end) {
    const tag = cursor.tag();
    switch (tag >>> 3) {
      case 1:
        traceId = readId(cursor, tag, "Link.trace_id");
        break;
      case 2:
        spanId = readId(cursor, tag, "Link.span_id");
        break;
      case 3:
        traceState = readString(cursor, tag, "Link.trace_state");
        break;
      case 4:
        attributes.push(readMessage(cursor, tag, "Link.attributes", decodeKeyValue));
        break;
      case 5:
        expectWireType(tag, wireVarint, "Link.dropped_attributes_count");
        droppedAttributesCount = cursor.varint32();
        break;
      case 6:
        expectWireType(tag, wireFixed32, "Link.flags");
        flags = cursor.fixed32();
        break;
      default:
        cursor.skip(tag);
    }
  }
  return { traceId, spanId, traceState, attributes, droppedAttributesCount, flags };
}

export function readString(cursor: Cursor, tag: number, field: string): string {
  expectWireType(tag, wireBytes, field);
  const end = cursor.lengthEnd();
  const text = readText(cursor.bytes, cursor.pos, end);
  cursor.pos = end;
  return text;
}

export function readId(cursor: Cursor, tag: number, field: string): string {
  expectWireType(tag, wireBytes, field);
  const end = cursor.lengthEnd();
  const hex = readHex(cursor.bytes, cursor.pos, end);
  cursor.pos = end;
  return hex;
}

export function readMessage<T>(
  cursor: Cursor,
  tag: number,
  field: string,
  decode: (message: Cursor) => T,
): T {
  expectWireType(tag, wireBytes, field);
  const end = cursor.lengthEnd();
  const value = decode(new Cursor(cursor.bytes, cursor.pos, end));
  cursor.pos = end;
  return value;
}
