import { wireBytes, wireFixed32, wireFixed64, wireVarint } from "./wire.js";

const initialCapacity = 4096;
const shortText = 24;

/**
 * Writes protobuf from its last byte to its first, so that the length of a message is known when it
 * has to be written in front of it, and nothing is measured beforehand. Whoever uses it writes the
 * fields of a message from the last to the first.
 *
 * A message is written as: `const end = w.mark()`, its fields, `w.message(field, end)`.
 */
export class WireWriter {
  #bytes = Buffer.allocUnsafe(initialCapacity);
  /** Index of the first byte that is written. */
  #at = initialCapacity;

  /** How many bytes are written so far. */
  mark(): number {
    return this.#bytes.length - this.#at;
  }

  /** What was written, in a buffer of its own. */
  finish(): Uint8Array {
    return new Uint8Array(this.#bytes.subarray(this.#at));
  }

  /** Puts the tag and the length before everything that was written since `mark`. */
  message(field: number, mark: number): void {
    this.#varint(this.mark() - mark);
    this.#tag(field, wireBytes);
  }

  text(field: number, value: string): void {
    const { length } = value;
    if (length <= shortText && this.#ascii(value)) {
      this.#varint(length);
    } else {
      const size = Buffer.byteLength(value);
      this.#reserve(size);
      this.#at -= size;
      this.#bytes.write(value, this.#at);
      this.#varint(size);
    }
    this.#tag(field, wireBytes);
  }

  bytes(field: number, value: Uint8Array): void {
    this.#reserve(value.length);
    this.#at -= value.length;
    this.#bytes.set(value, this.#at);
    this.#varint(value.length);
    this.#tag(field, wireBytes);
  }

  /** @param hex an even number of hex digits. */
  hex(field: number, hex: string): void {
    const size = hex.length >>> 1;
    this.#reserve(size);
    this.#at -= size;
    this.#bytes.write(hex, this.#at, "hex");
    this.#varint(size);
    this.#tag(field, wireBytes);
  }

  /** An unsigned 32-bit number. */
  uint32(field: number, value: number): void {
    this.#varint(value);
    this.#tag(field, wireVarint);
  }

  /** A signed 64-bit number, as int64 and enums have it: negative ones take ten bytes. */
  int64(field: number, value: bigint): void {
    this.#varint64(BigInt.asUintN(64, value));
    this.#tag(field, wireVarint);
  }

  fixed32(field: number, value: number): void {
    this.#reserve(4);
    this.#at -= 4;
    this.#bytes.writeUInt32LE(value, this.#at);
    this.#tag(field, wireFixed32);
  }

  fixed64(field: number, value: bigint): void {
    this.#reserve(8);
    this.#at -= 8;
    this.#bytes.writeBigUInt64LE(value, this.#at);
    this.#tag(field, wireFixed64);
  }

  double(field: number, value: number): void {
    this.#reserve(8);
    this.#at -= 8;
    this.#bytes.writeDoubleLE(value, this.#at);
    this.#tag(field, wireFixed64);
  }

  /** Writes a short text without a call into the encoder; false, and nothing, when it is not ASCII. */
  #ascii(value: string): boolean {
    this.#reserve(value.length);
    const start = this.#at - value.length;
    for (let i = 0; i < value.length; i++) {
      const code = value.charCodeAt(i);
      if (code > 127) return false;
      this.#bytes[start + i] = code;
    }
    this.#at = start;
    return true;
  }

  #tag(field: number, wireType: number): void {
    this.#varint((field << 3) | wireType);
  }

  #varint(value: number): void {
    this.#reserve(5);
    if (value < 0x80) {
      this.#bytes[--this.#at] = value;
      return;
    }
    let size = 2;
    for (let rest = value >>> 14; rest > 0; rest >>>= 7) size++;
    this.#at -= size;
    let rest = value;
    for (let i = 0; i < size - 1; i++) {
      this.#bytes[this.#at + i] = (rest & 127) | 128;
      rest >>>= 7;
    }
    this.#bytes[this.#at + size - 1] = rest;
  }

  #varint64(value: bigint): void {
    if (value < 0x80000000n) {
      this.#varint(Number(value));
      return;
    }
    const groups: number[] = [];
    for (let rest = value; rest > 0n; rest >>= 7n) groups.push(Number(rest & 127n));
    this.#reserve(groups.length);
    this.#at -= groups.length;
    groups.forEach((group, i) => {
      this.#bytes[this.#at + i] = i < groups.length - 1 ? group | 128 : group;
    });
  }

  #reserve(size: number): void {
    if (size <= this.#at) return;
    const written = this.mark();
    const capacity = Math.max(this.#bytes.length * 2, written + size);
    const bytes = Buffer.allocUnsafe(capacity);
    bytes.set(this.#bytes.subarray(this.#at), capacity - written);
    this.#bytes = bytes;
    this.#at = capacity - written;
  }
}
