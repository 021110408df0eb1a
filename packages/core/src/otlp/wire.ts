import { SpanStoreError } from "../errors/errors.js";

/** Protobuf wire types. */
export const wireVarint = 0;
export const wireFixed64 = 1;
export const wireBytes = 2;
const wireGroupStart = 3;
const wireGroupEnd = 4;
export const wireFixed32 = 5;

/**
 * `ResourceSpans.instrumentation_library_spans`, which OTLP had besides `scope_spans` from 0.15 to 0.18. They count only without
 * `scope_spans`.
 */
export const oldScopeSpansTag = (1000 << 3) | wireBytes;

/** The most nested groups that are skipped, as in protobuf's own libraries. */
const maxGroupDepth = 100;

function malformed(what: string): SpanStoreError {
  return new SpanStoreError("INVALID_TRACES", `malformed protobuf: ${what}`);
}

/**
 * A cursor over protobuf bytes that never reads past `end`. Hot paths use its fields directly. Every method throws
 * INVALID_TRACES when the bytes are no protobuf.
 */
export class Cursor {
  readonly bytes: Uint8Array;
  pos: number;
  end: number;

  constructor(bytes: Uint8Array, pos = 0, end = bytes.length) {
    this.bytes = bytes;
    this.pos = pos;
    this.end = end;
  }

  /** The lower 32 bits of a varint, unsigned. Protobuf drops the upper bits of 32-bit fields too. */
  varint32(): number {
    const { bytes } = this;
    let byte = this.pos < this.end ? (bytes[this.pos++] as number) : this.truncated();
    if (byte < 128) return byte;
    let value = byte & 127;
    for (let shift = 7; shift < 70; shift += 7) {
      byte = this.pos < this.end ? (bytes[this.pos++] as number) : this.truncated();
      if (shift < 32) value |= (byte & 127) << shift;
      if (byte < 128) return value >>> 0;
    }
    throw malformed("a varint of more than ten bytes");
  }

  /** A varint as 64 bits, unsigned. */
  varint64(): bigint {
    const { bytes } = this;
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.pos < this.end ? (bytes[this.pos++] as number) : this.truncated();
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return BigInt.asUintN(64, value);
    }
    throw malformed("a varint of more than ten bytes");
  }

  /** A field's tag; `tag >>> 3` is its number and `tag & 7` its wire type. */
  tag(): number {
    const start = this.pos;
    const tag = this.varint32();
    if (tag >>> 3 === 0 || this.pos - start > 5) throw malformed("a field with number 0 or too large a tag");
    return tag;
  }

  /** Reads the length of a field and returns the end of its content. The cursor moves to the start of the content. */
  lengthEnd(): number {
    const length = this.varint32();
    const end = this.pos + length;
    if (end > this.end) throw malformed("a field longer than its message");
    return end;
  }

  fixed32(): number {
    if (this.pos + 4 > this.end) this.truncated();
    const value = readUint32(this.bytes, this.pos);
    this.pos += 4;
    return value;
  }

  fixed64(): bigint {
    if (this.pos + 8 > this.end) this.truncated();
    const value = readUint64(this.bytes, this.pos);
    this.pos += 8;
    return value;
  }

  /** Skips the value of a field whose tag was just read. */
  skip(tag: number, depth = 0): void {
    switch (tag & 7) {
      case wireVarint:
        this.varint32();
        return;
      case wireFixed64:
        this.pos += 8;
        break;
      case wireBytes:
        this.pos = this.lengthEnd();
        return;
      case wireGroupStart: {
        if (depth >= maxGroupDepth) throw malformed("groups nested too deeply");
        for (;;) {
          const inner = this.tag();
          if ((inner & 7) === wireGroupEnd) {
            if (inner >>> 3 !== tag >>> 3) throw malformed("a group ended by another group's end");
            return;
          }
          this.skip(inner, depth + 1);
        }
      }
      case wireFixed32:
        this.pos += 4;
        break;
      default:
        throw malformed(`wire type ${tag & 7}`);
    }
    if (this.pos > this.end) this.truncated();
  }

  private truncated(): never {
    throw malformed("a message that ends in the middle of a field");
  }
}

/** Throws unless the field has the wire type that its message declares. */
export function expectWireType(tag: number, wireType: number, field: string): void {
  if ((tag & 7) !== wireType) throw malformed(`${field} has wire type ${tag & 7} instead of ${wireType}`);
}

export function readUint32(bytes: Uint8Array, at: number): number {
  return (
    ((bytes[at] as number) |
      ((bytes[at + 1] as number) << 8) |
      ((bytes[at + 2] as number) << 16) |
      ((bytes[at + 3] as number) << 24)) >>>
    0
  );
}

function readUint64(bytes: Uint8Array, at: number): bigint {
  return (BigInt(readUint32(bytes, at + 4)) << 32n) | BigInt(readUint32(bytes, at));
}

/** The size in bytes of a varint of this unsigned 32-bit value. */
export function varintSize(value: number): number {
  if (value < 0x80) return 1;
  if (value < 0x4000) return 2;
  if (value < 0x200000) return 3;
  return value < 0x10000000 ? 4 : 5;
}

/** Writes an unsigned 32-bit varint and returns the position after it. */
export function writeVarint(bytes: Uint8Array, at: number, value: number): number {
  let rest = value >>> 0;
  let pos = at;
  while (rest >= 0x80) {
    bytes[pos++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  bytes[pos++] = rest;
  return pos;
}

const shortText = 24;

/** Decodes UTF-8. Invalid sequences become U+FFFD; a byte order mark stays. */
export function readText(bytes: Uint8Array, start: number, end: number): string {
  if (end - start <= shortText) {
    let text = "";
    let at = start;
    for (; at < end; at++) {
      const byte = bytes[at] as number;
      if (byte > 127) break;
      text += String.fromCharCode(byte);
    }
    if (at === end) return text;
  }
  return decodeText(bytes, start, end);
}

type Decode = (bytes: Uint8Array, start: number, end: number) => string;

/** Buffer is faster where it exists; browsers lack it. */
const hasBuffer = typeof Buffer !== "undefined";

const utf8 = new TextDecoder("utf-8", { ignoreBOM: true });

const decodeText: Decode = hasBuffer
  ? (bytes, start, end) => Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString("utf8")
  : (bytes, start, end) => utf8.decode(bytes.subarray(start, end));

/** Bytes as lower-case hex. */
export const readHex: Decode = hasBuffer
  ? (bytes, start, end) => Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString("hex")
  : (bytes, start, end) => {
      let hex = "";
      for (let at = start; at < end; at++) hex += (bytes[at] as number).toString(16).padStart(2, "0");
      return hex;
    };
