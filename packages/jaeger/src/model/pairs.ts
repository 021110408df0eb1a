import { trim } from "./ranges.js";

/** The types of a value: Jaeger's ValueType, and OTLP's further types below 0. */
export const stringType = 0;
export const boolType = 1;
export const intType = 2;
export const doubleType = 3;
export const bytesType = 4;
/** OTLP's lists and maps; the value's range is that of the ArrayValue or KeyValueList. */
export const listType = -1;
export const mapType = -2;
/** OTLP's AnyValue without a value. */
export const emptyType = -3;

/**
 * The tags of a Jaeger span, its process and its logs, or the attributes of an OTLP message, as columns: a row each, in order,
 * undecoded. Reused, so that a span makes no garbage.
 */
export class Pairs {
  bytes: Uint8Array = new Uint8Array(0);
  length = 0;
  /** Range of the KeyValue message. */
  readonly start: number[] = [];
  readonly end: number[] = [];
  readonly keyStart: number[] = [];
  readonly keyEnd: number[] = [];
  /** Code of the key: see keys.ts. */
  readonly key: number[] = [];
  readonly type: number[] = [];
  /**
   * Range of the value: the content of a text or bytes, the varint or eight bytes of a number. The range is empty for an absent
   * value, a zero, and false; it is not empty for true.
   */
  readonly valueStart: number[] = [];
  readonly valueEnd: number[] = [];
  /** Whether the message holds more than the columns: unknown fields, or values of other types. */
  readonly odd: boolean[] = [];

  reset(bytes: Uint8Array): void {
    this.bytes = bytes;
    this.length = 0;
    trim(this.start, this.end, this.keyStart, this.keyEnd, this.key, this.type);
    trim(this.valueStart, this.valueEnd, this.odd);
  }

  /** The first row before `to` with a key of this code, or -1. */
  find(key: number, to = this.length): number {
    for (let row = 0; row < to; row++) if (this.key[row] === key) return row;
    return -1;
  }

  /** Whether two rows have the same key. */
  sameKey(row: number, other: number): boolean {
    const { bytes } = this;
    let at = this.keyStart[row] as number;
    let otherAt = this.keyStart[other] as number;
    const end = this.keyEnd[row] as number;
    if (end - at !== (this.keyEnd[other] as number) - otherAt) return false;
    while (at < end) if (bytes[at++] !== bytes[otherAt++]) return false;
    return true;
  }

  /** The content of a text; empty for other values, as in Go's pdata. */
  text(row: number): string {
    if (this.type[row] !== stringType) return "";
    const start = this.valueStart[row] as number;
    return Buffer.from(
      this.bytes.buffer,
      this.bytes.byteOffset + start,
      (this.valueEnd[row] as number) - start,
    ).toString();
  }
}

/** A list of rows. */
export class Rows {
  length = 0;
  readonly row: number[] = [];

  add(row: number): void {
    this.row[this.length++] = row;
  }

  clear(): void {
    this.length = 0;
    trim(this.row);
  }
}

/** Whether a varint is zero. */
export function isZeroVarint(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if (((bytes[at] as number) & 127) !== 0) return false;
  return true;
}

/** Whether the bytes are those of the double 0, not -0. */
export function isZeroDouble(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if (bytes[at] !== 0) return false;
  return true;
}
