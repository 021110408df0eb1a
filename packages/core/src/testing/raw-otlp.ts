import type { TracesData } from "../model/trace.js";
import { encodeTraces } from "../otlp/encode.js";
import { Cursor, varintSize, wireBytes, writeVarint } from "../otlp/wire.js";

/** Changes to encoded OTLP that the model cannot express. */
export interface Splices {
  /** Adds unknown fields of all wire types to every message. */
  readonly unknownFields?: boolean;
  /** Replaces strings by bytes of the same length that are not UTF-8. */
  readonly invalidText?: boolean;
  /** Writes default values of a span as explicit zeros. */
  readonly explicitZeros?: boolean;
  readonly replace?: Replacement;
}

/** Replaces every field with this content by these bytes, which include the tag. */
export interface Replacement {
  readonly content: Uint8Array;
  readonly field: Uint8Array;
}

type Message =
  | "traces"
  | "resourceSpans"
  | "resource"
  | "scopeSpans"
  | "scope"
  | "span"
  | "event"
  | "link"
  | "status"
  | "keyValue"
  | "anyValue"
  | "list"
  | "map";

interface Shape {
  /** The fields that are messages. */
  readonly messages: Readonly<Record<number, Message>>;
  /** The fields that are text. */
  readonly texts: readonly number[];
}

const shapes: Readonly<Record<Message, Shape>> = {
  traces: { messages: { 1: "resourceSpans" }, texts: [] },
  resourceSpans: { messages: { 1: "resource", 2: "scopeSpans" }, texts: [3] },
  resource: { messages: { 1: "keyValue" }, texts: [] },
  scopeSpans: { messages: { 1: "scope", 2: "span" }, texts: [3] },
  scope: { messages: { 3: "keyValue" }, texts: [1, 2] },
  span: { messages: { 9: "keyValue", 11: "event", 13: "link", 15: "status" }, texts: [3, 5] },
  event: { messages: { 3: "keyValue" }, texts: [2] },
  link: { messages: { 4: "keyValue" }, texts: [3] },
  status: { messages: {}, texts: [2] },
  keyValue: { messages: { 2: "anyValue" }, texts: [1] },
  anyValue: { messages: { 5: "list", 6: "map" }, texts: [1] },
  list: { messages: { 1: "anyValue" }, texts: [] },
  map: { messages: { 1: "keyValue" }, texts: [] },
};

/** Fields 1000 to 1003: a varint, eight bytes, some text, four bytes. */
const unknown = Uint8Array.of(
  ...[0xc0, 0x3e, 0xff, 0x01],
  ...[0xc9, 0x3e, 1, 2, 3, 4, 5, 6, 7, 8],
  ...[0xd2, 0x3e, 3, 0xff, 0x00, 0x41],
  ...[0xdd, 0x3e, 9, 9, 9, 9],
);

/** Kind, dropped counts, flags and end time as explicit zeros. */
const zeros = Uint8Array.of(
  0x30,
  0,
  0x50,
  0,
  0x60,
  0,
  0x70,
  0,
  0x85,
  0x01,
  0,
  0,
  0,
  0,
  0x41,
  0,
  0,
  0,
  0,
  0,
  0,
  0,
  0,
);

/** Encodes the model and applies the changes. */
export function spliced(traces: TracesData, splices: Splices): Uint8Array {
  return rewrite(encodeTraces(traces), "traces", splices);
}

function rewrite(bytes: Uint8Array, message: Message, splices: Splices): Uint8Array {
  const shape = shapes[message];
  const parts: Uint8Array[] = [];
  const cursor = new Cursor(bytes);
  while (cursor.pos < cursor.end) {
    const start = cursor.pos;
    const tag = cursor.tag();
    const field = tag >>> 3;
    if ((tag & 7) !== wireBytes) {
      cursor.skip(tag);
      parts.push(bytes.subarray(start, cursor.pos));
      continue;
    }
    const end = cursor.lengthEnd();
    const content = bytes.subarray(cursor.pos, end);
    const inner = shape.messages[field];
    if (inner !== undefined) parts.push(delimited(field, rewrite(content, inner, splices)));
    else if (splices.replace !== undefined && Buffer.compare(splices.replace.content, content) === 0) {
      parts.push(splices.replace.field);
    } else parts.push(delimited(field, shape.texts.includes(field) ? text(content, splices) : content));
    cursor.pos = end;
  }
  if (splices.unknownFields === true) parts.push(unknown);
  if (splices.explicitZeros === true && message === "span") parts.unshift(zeros);
  return Buffer.concat(parts);
}

function text(content: Uint8Array, { invalidText }: Splices): Uint8Array {
  return invalidText === true ? content.map((byte, i) => (i % 2 === 0 ? 0xff : byte)) : content;
}

function delimited(field: number, content: Uint8Array): Uint8Array {
  const tag = ((field << 3) | wireBytes) >>> 0;
  const out = new Uint8Array(varintSize(tag) + varintSize(content.length) + content.length);
  out.set(content, writeVarint(out, writeVarint(out, 0, tag), content.length));
  return out;
}
