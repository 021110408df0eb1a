const initialCapacity = 4 * 1024;
/** `reset` drops buffers longer than this. */
const keptCapacity = 1024 * 1024;
const shortRange = 64;
const shortText = 24;

/**
 * Writes protobuf backwards, from the last byte to the first, so that the length of a message is known when it is written. For a
 * message take a `mark`, write its fields from the last to the first, then call `message` with the mark. A tag is
 * `(number << 3) | type`. `reset` makes the writer reusable.
 */
export class WireWriter {
  #bytes: Buffer = Buffer.allocUnsafe(initialCapacity);
  /** Index of the first written byte. */
  #at = initialCapacity;

  reset(): void {
    if (this.#bytes.length > keptCapacity) this.#bytes = Buffer.allocUnsafe(initialCapacity);
    this.#at = this.#bytes.length;
  }

  /** The number of written bytes. */
  mark(): number {
    return this.#bytes.length - this.#at;
  }

  /** A copy of the written bytes. */
  take(): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.#bytes.subarray(this.#at));
  }

  /** Copies the written bytes into `target`. */
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

  /** A 64-bit number by its halves; a negative one takes ten bytes. */
  varint64(high: number, low: number): void {
    if (high === 0) {
      this.varint(low);
      return;
    }
    const groups = [low & 0x7f, (low >>> 7) & 0x7f, (low >>> 14) & 0x7f, (low >>> 21) & 0x7f];
    groups.push(((low >>> 28) | (high << 4)) & 0x7f);
    for (let rest = high >>> 3; rest > 0; rest >>>= 7) groups.push(rest & 0x7f);
    const last = groups.length - 1;
    this.byte(groups[last] as number);
    for (let i = last - 1; i >= 0; i--) this.byte((groups[i] as number) | 0x80);
  }

  /** Four bytes, the least significant first. */
  fixed32(value: number): void {
    this.#reserve(4);
    this.#bytes.writeUInt32LE(value, this.#at);
  }

  /** Eight bytes, the least significant first. */
  fixed64(high: number, low: number): void {
    this.#reserve(8);
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

  double(value: number): void {
    this.#reserve(8);
    this.#bytes.writeDoubleLE(value, this.#at);
  }

  zeros(count: number): void {
    this.#reserve(count);
    this.#bytes.fill(0, this.#at, this.#at + count);
  }

  /** Raw bytes without a length. */
  range(bytes: Uint8Array, start: number, end: number): void {
    const size = end - start;
    this.#reserve(size);
    if (size <= shortRange) {
      const to = this.#bytes;
      for (let from = start, at = this.#at; from < end; ) to[at++] = bytes[from++] as number;
    } else {
      this.#bytes.set(bytes.subarray(start, end), this.#at);
    }
  }

  /** A bytes or string field. */
  field(tag: number, bytes: Uint8Array, start: number, end: number): void {
    this.range(bytes, start, end);
    this.varint(end - start);
    this.varint(tag);
  }

  /** A string field. */
  text(tag: number, value: string): void {
    const { length } = value;
    if (length <= shortText && this.#ascii(value)) {
      this.varint(length);
    } else {
      const size = Buffer.byteLength(value);
      this.#reserve(size);
      this.#bytes.write(value, this.#at);
      this.varint(size);
    }
    this.varint(tag);
  }

  /**
   * A bytes field.
   * @param hex an even number of hex digits.
   */
  hex(tag: number, hex: string): void {
    const size = hex.length >>> 1;
    this.#reserve(size);
    this.#bytes.write(hex, this.#at, "hex");
    this.varint(size);
    this.varint(tag);
  }

  /** Prefixes everything written since `mark` with tag and length. */
  message(tag: number, mark: number): void {
    this.varint(this.mark() - mark);
    this.varint(tag);
  }

  /** Writes a short ASCII text without calling the encoder. @returns false, writing nothing, for other text. */
  #ascii(value: string): boolean {
    if (this.#at < value.length) this.#grow(value.length);
    const start = this.#at - value.length;
    for (let i = 0; i < value.length; i++) {
      const code = value.charCodeAt(i);
      if (code > 127) return false;
      this.#bytes[start + i] = code;
    }
    this.#at = start;
    return true;
  }

  /** Reserves `size` bytes, which the caller writes next. */
  #reserve(size: number): void {
    if (this.#at < size) this.#grow(size);
    this.#at -= size;
  }

  #grow(size: number): void {
    const written = this.mark();
    const capacity = Math.max(this.#bytes.length * 2, written + size);
    const bytes = Buffer.allocUnsafe(capacity);
    bytes.set(this.#bytes.subarray(this.#at), capacity - written);
    this.#bytes = bytes;
    this.#at = capacity - written;
  }
}
