import { Buffer } from "node:buffer";

/** A growing buffer that protobuf fields are appended to. */
export interface Writer {
  bytes: Buffer;
  length: number;
}

export function createWriter(capacity = 1024): Writer {
  return { bytes: Buffer.allocUnsafe(capacity), length: 0 };
}

/** Makes room for `more` bytes behind what is written. */
export function reserve(writer: Writer, more: number): void {
  const needed = writer.length + more;
  if (needed <= writer.bytes.length) return;
  const grown = Buffer.allocUnsafe(Math.max(needed, writer.bytes.length * 2));
  writer.bytes.copy(grown, 0, 0, writer.length);
  writer.bytes = grown;
}

/** A copy of what was written. */
export function written(writer: Writer): Buffer {
  return Buffer.from(writer.bytes.subarray(0, writer.length));
}

export function varintLength(value: number): number {
  let length = 1;
  for (let rest = value; rest >= 128; rest = Math.floor(rest / 128)) length++;
  return length;
}

/** A whole number from 0 to 2^53 - 1 as a varint. */
export function putVarint(writer: Writer, value: number): void {
  reserve(writer, 10);
  let rest = value;
  while (rest >= 128) {
    writer.bytes[writer.length++] = (rest % 128) | 128;
    rest = Math.floor(rest / 128);
  }
  writer.bytes[writer.length++] = rest;
}

function putTag(writer: Writer, field: number, wireType: number): void {
  putVarint(writer, field * 8 + wireType);
}

export function putUint(writer: Writer, field: number, value: number): void {
  putTag(writer, field, 0);
  putVarint(writer, value);
}

export function putBytes(writer: Writer, field: number, bytes: Uint8Array): void {
  putTag(writer, field, 2);
  putVarint(writer, bytes.length);
  putRaw(writer, bytes);
}

export function putText(writer: Writer, field: number, text: string): void {
  putBytes(writer, field, Buffer.from(text, "utf8"));
}

export function putDouble(writer: Writer, field: number, value: number): void {
  putTag(writer, field, 1);
  reserve(writer, 8);
  writer.length = writer.bytes.writeDoubleLE(value, writer.length);
}

/** Bytes that are already encoded. */
export function putRaw(writer: Writer, bytes: Uint8Array): void {
  reserve(writer, bytes.length);
  writer.bytes.set(bytes, writer.length);
  writer.length += bytes.length;
}

/** A message field whose content `fill` writes. */
export function putMessage(writer: Writer, field: number, fill: (inner: Writer) => void): void {
  const inner = createWriter(128);
  fill(inner);
  putBytes(writer, field, inner.bytes.subarray(0, inner.length));
}
