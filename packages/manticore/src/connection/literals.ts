/**
 * SQL statements as bytes. Manticore stores every byte of a text except NUL, so NUL is written as two bytes, and so is
 * the byte that introduces them. All data of callers is escaped here.
 */
const escapeByte = 0x01;
const quote = 0x27;
const backslash = 0x5c;
const comma = 0x2c;
const minus = 0x2d;
const zero = 0x30;
const hexDigits = Buffer.from("0123456789abcdef", "latin1");
/** Numbers are written in two parts that fit 32-bit arithmetic. */
const partDigits = 8;
const partValues = 10 ** partDigits;
const maxIntegerDigits = 2 * partDigits;

/** The most bytes that an escaped byte takes. */
const maxGrowth = 2;

/** A growing statement, with one byte per character. */
export class SqlBytes {
  bytes: Buffer;
  length = 0;

  constructor(size = 1 << 16) {
    this.bytes = Buffer.allocUnsafeSlow(size);
  }

  /** Appends ASCII that needs no escape: keywords, names, numbers. */
  ascii(text: string): void {
    this.reserve(text.length);
    this.length += this.bytes.write(text, this.length, "latin1");
  }

  /** Appends a whole number that a double holds exactly. */
  integer(value: number): void {
    if (value < 0) {
      this.byte(minus);
      this.integer(-value);
      return;
    }
    this.reserve(maxIntegerDigits);
    let upper = Math.floor(value / partValues);
    let lower = value - upper * partValues;
    let end = this.length + digitsOf(upper > 0 ? upper : lower) + (upper > 0 ? partDigits : 0);
    this.length = end;
    if (upper > 0) {
      for (let i = 0; i < partDigits; i++) {
        const rest = (lower / 10) | 0;
        this.bytes[--end] = zero + lower - rest * 10;
        lower = rest;
      }
      lower = upper;
    }
    do {
      upper = (lower / 10) | 0;
      this.bytes[--end] = zero + lower - upper * 10;
      lower = upper;
    } while (lower > 0);
  }

  /** Appends bytes as hex, two digits per byte. */
  hex(source: Uint8Array, start: number, end: number): void {
    this.reserve((end - start) * 2);
    const { bytes } = this;
    let at = this.length;
    for (let i = start; i < end; i++) {
      const byte = source[i] as number;
      bytes[at++] = hexDigits[byte >> 4] as number;
      bytes[at++] = hexDigits[byte & 15] as number;
    }
    this.length = at;
  }

  /** Appends bytes that are SQL already. */
  raw(bytes: Uint8Array): void {
    this.reserve(bytes.length);
    this.bytes.set(bytes, this.length);
    this.length += bytes.length;
  }

  /** Appends a range of bytes, escaped for a string literal. */
  escaped(source: Uint8Array, start = 0, end = source.length): void {
    this.reserve((end - start) * maxGrowth);
    const { bytes } = this;
    let at = this.length;
    for (let i = start; i < end; i++) {
      const byte = source[i] as number;
      if (byte <= escapeByte) {
        bytes[at++] = escapeByte;
        bytes[at++] = byte + 1;
      } else {
        if (byte === quote || byte === backslash) bytes[at++] = backslash;
        bytes[at++] = byte;
      }
    }
    this.length = at;
  }

  /** Appends a string literal of bytes. */
  literal(source: Uint8Array, start = 0, end = source.length): void {
    this.byte(quote);
    this.escaped(source, start, end);
    this.byte(quote);
  }

  /** Appends a string literal of a text in UTF-8. */
  text(text: string): void {
    this.literal(Buffer.from(text, "utf8"));
  }

  comma(): void {
    this.byte(comma);
  }

  byte(byte: number): void {
    this.reserve(1);
    this.bytes[this.length++] = byte;
  }

  /** The statement for the connection: one character per byte. */
  toString(): string {
    return this.bytes.toString("latin1", 0, this.length);
  }

  reserve(more: number): void {
    const needed = this.length + more;
    if (needed <= this.bytes.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, this.bytes.length * 2));
    this.bytes.copy(grown, 0, 0, this.length);
    this.bytes = grown;
  }
}

/** A string literal, for short statements. */
export function literal(text: string | Uint8Array): string {
  const out = new SqlBytes(64);
  out.literal(typeof text === "string" ? Buffer.from(text, "utf8") : text);
  return out.toString();
}

/** The bytes of a text before {@link SqlBytes.escaped}. */
export function unescaped(stored: Buffer): Buffer {
  return stored.includes(escapeByte) ? unescapedInPlace(Buffer.from(stored)) : stored;
}

/** {@link unescaped} in the same memory: the argument is invalid afterwards. */
export function unescapedInPlace(stored: Buffer): Buffer {
  let at = stored.indexOf(escapeByte);
  if (at < 0) return stored;
  let length = at;
  while (at >= 0) {
    stored[length++] = (stored[at + 1] as number) - 1;
    const from = at + 2;
    at = stored.indexOf(escapeByte, from);
    const end = at < 0 ? stored.length : at;
    stored.copyWithin(length, from, end);
    length += end - from;
  }
  return stored.subarray(0, length);
}

/**
 * Parses the values of a row in a statement into the form that a read returns: numbers in decimal, texts without
 * quotes.
 * @param sql only literals with commas between.
 */
export function valuesOf(sql: Uint8Array): Buffer[] {
  const values: Buffer[] = [];
  for (let at = 0; at < sql.length; at++) {
    const value: number[] = [];
    if (sql[at] === quote) {
      for (at++; sql[at] !== quote; at++) {
        if (sql[at] === backslash) at++;
        value.push(sql[at] as number);
      }
      at++;
    } else {
      for (; at < sql.length && sql[at] !== comma; at++) value.push(sql[at] as number);
    }
    values.push(Buffer.from(value));
  }
  return values;
}

function digitsOf(value: number): number {
  let digits = 1;
  for (let rest = value; rest >= 10; rest = (rest / 10) | 0) digits++;
  return digits;
}
