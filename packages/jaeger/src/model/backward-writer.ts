import type { Ranges } from "./ranges.js";

const initialCapacity = 16 * 1024;
/** A buffer that one large span made longer than this is not kept. */
const keptCapacity = 1024 * 1024;
const shortRange = 64;

/**
 * Writes protobuf from its last byte to its first, so that the length of a message is known when it has
 * to stand in front of it. Tags are given as the bytes they are. One writer is used for span after span:
 * `reset`, the fields from the last to the first, `take`.
 */
export class BackwardWriter {
  #bytes = new Uint8Array(initialCapacity);
  /** Index of the first byte that is written. */
  #at = initialCapacity;

  reset(): void {
    if (this.#bytes.length > keptCapacity) this.#bytes = new Uint8Array(initialCapacity);
    this.#at = this.#bytes.length;
  }

  /** How many bytes are written so far. */
  mark(): number {
    return this.#bytes.length - this.#at;
  }

  /** What was written, in a buffer of its own. */
  take(): Uint8Array {
    return this.#bytes.slice(this.#at);
  }

  /** Copies what was written to this place. */
  copyTo(target: Uint8Array, at: number): void {
    target.set(this.#bytes.subarray(this.#at), at);
  }

  byte(value: number): void {
    if (this.#at === 0) this.#grow(1);
    this.#bytes[--this.#at] = value;
  }

  /** An unsigned 32-bit number. */
  varint(value: number): void {
    if (value < 0x80) {
      this.byte(value);
      return;
    }
    if (this.#at < 5) this.#grow(5);
    let size = 2;
    for (let rest = value >>> 14; rest > 0; rest >>>= 7) size++;
    this.#at -= size;
    let pos = this.#at;
    let rest = value;
    for (let i = 1; i < size; i++) {
      this.#bytes[pos++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    this.#bytes[pos] = rest;
  }

  /** A 64-bit number as its two halves. */
  varint64(high: number, low: number): void {
    if (high === 0) {
      this.varint(low);
      return;
    }
    const groups = [low & 0x7f, (low >>> 7) & 0x7f, (low >>> 14) & 0x7f, (low >>> 21) & 0x7f];
    groups.push(((low >>> 28) | (high << 4)) & 0x7f);
    for (let rest = high >>> 3; rest > 0; rest >>>= 7) groups.push(rest & 0x7f);
    let last = groups.length - 1;
    while (last > 0 && groups[last] === 0) last--;
    this.byte(groups[last] as number);
    for (let i = last - 1; i >= 0; i--) this.byte((groups[i] as number) | 0x80);
  }

  /** Eight bytes, the least significant first. */
  fixed64(high: number, low: number): void {
    if (this.#at < 8) this.#grow(8);
    this.#at -= 8;
    const bytes = this.#bytes;
    const at = this.#at;
    bytes[at] = low;
    bytes[at + 1] = low >>> 8;
    bytes[at + 2] = low >>> 16;
    bytes[at + 3] = low >>> 24;
    bytes[at + 4] = high;
    bytes[at + 5] = high >>> 8;
    bytes[at + 6] = high >>> 16;
    bytes[at + 7] = high >>> 24;
  }

  zeros(count: number): void {
    if (this.#at < count) this.#grow(count);
    this.#at -= count;
    this.#bytes.fill(0, this.#at, this.#at + count);
  }

  /** Bytes as they are, without a length. */
  range(bytes: Uint8Array, start: number, end: number): void {
    const size = end - start;
    if (this.#at < size) this.#grow(size);
    this.#at -= size;
    if (size <= shortRange) {
      const to = this.#bytes;
      for (let from = start, at = this.#at; from < end; ) to[at++] = bytes[from++] as number;
    } else {
      this.#bytes.set(bytes.subarray(start, end), this.#at);
    }
  }

  /** The bytes of these ranges, one after the other. */
  ranges(bytes: Uint8Array, ranges: Ranges): void {
    for (let i = ranges.length - 1; i >= 0; i--) {
      this.range(bytes, ranges.start[i] as number, ranges.end[i] as number);
    }
  }

  /** A bytes or string field. */
  field(tag: number, bytes: Uint8Array, start: number, end: number): void {
    this.range(bytes, start, end);
    this.varint(end - start);
    this.byte(tag);
  }

  /** A string field. */
  text(tag: number, value: string): void {
    const bytes = Buffer.from(value);
    this.field(tag, bytes, 0, bytes.length);
  }

  /** Puts tag and length before everything that was written since `mark`. */
  message(tag: number, mark: number): void {
    this.varint(this.mark() - mark);
    this.byte(tag);
  }

  #grow(size: number): void {
    const written = this.mark();
    const capacity = Math.max(this.#bytes.length * 2, written + size);
    const bytes = new Uint8Array(capacity);
    bytes.set(this.#bytes.subarray(this.#at), capacity - written);
    this.#bytes = bytes;
    this.#at = capacity - written;
  }
}
