/** A length-delimited field. @param tag a single byte. */
export function lengthDelimited(tag: number, content: Uint8Array): Buffer {
  const head = [tag];
  let { length } = content;
  for (; length >= 0x80; length >>>= 7) head.push((length & 0x7f) | 0x80);
  head.push(length);
  return Buffer.concat([Buffer.from(head), content]);
}

/** A fixed64 field. */
export function fixed64(tag: number, value: bigint): Buffer {
  const bytes = Buffer.alloc(9);
  bytes[0] = tag;
  bytes.writeBigUInt64LE(BigInt.asUintN(64, value), 1);
  return bytes;
}

/** A KeyValue whose value is a text. */
export function textAttribute(key: string, text: string): Buffer {
  const value = lengthDelimited(0x0a, Buffer.from(text));
  return Buffer.concat([lengthDelimited(0x0a, Buffer.from(key)), lengthDelimited(0x12, value)]);
}

/** A KeyValue whose value is a list of texts. */
export function textsAttribute(key: string, texts: readonly string[]): Buffer {
  const items = texts.map((text) => lengthDelimited(0x0a, lengthDelimited(0x0a, Buffer.from(text))));
  const value = lengthDelimited(0x2a, Buffer.concat(items));
  return Buffer.concat([lengthDelimited(0x0a, Buffer.from(key)), lengthDelimited(0x12, value)]);
}
