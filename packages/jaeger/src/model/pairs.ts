import { trim } from "./ranges.js";

/** The types of a value: Jaeger's ValueType, and what OTLP has beyond it. */
export const stringType = 0;
export const boolType = 1;
export const intType = 2;
export const doubleType = 3;
export const bytesType = 4;
/** OTLP's lists and maps; the value's range is that of the AnyValue. */
export const listType = -1;
export const mapType = -2;
/** OTLP's AnyValue without a value. */
export const emptyType = -3;

/**
 * The tags of a Jaeger span, its process and its logs, or the attributes of an OTLP message, as columns: row
 * after row in the order they came, nothing decoded. Reused, so that a span makes no garbage.
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
   * Range of the value: of a text's or byte string's content, of a number's varint or eight bytes; an absent
   * one, and a number that is zero, is empty. A bool that is true is not empty.
   */
  readonly valueStart: number[] = [];
  readonly valueEnd: number[] = [];
  /** Whether the message says more than this: unknown fields, or values of other types. */
  readonly odd: boolean[] = [];

  reset(bytes: Uint8Array): void {
    this.bytes = bytes;
    this.length = 0;
    trim(this.start, this.end, this.keyStart, this.keyEnd, this.key, this.type);
    trim(this.valueStart, this.valueEnd, this.odd);
  }

  /** The first of these rows with a key of this code, or -1. */
  find(key: number, to = this.length): number {
    for (let row = 0; row < to; row++) if (this.key[row] === key) return row;
    return -1;
  }

  /** The key's bytes are those of the other row. */
  sameKey(row: number, other: number): boolean {
    const { bytes } = this;
    let at = this.keyStart[row] as number;
    let otherAt = this.keyStart[other] as number;
    const end = this.keyEnd[row] as number;
    if (end - at !== (this.keyEnd[other] as number) - otherAt) return false;
    while (at < end) if (bytes[at++] !== bytes[otherAt++]) return false;
    return true;
  }

  /** A text's content; empty when the value is none, as Go's pdata has it. */
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

/** Some of the rows. */
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

/** Whether the bytes of a double are those of 0; -0 is another number. */
export function isZeroDouble(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if (bytes[at] !== 0) return false;
  return true;
}
