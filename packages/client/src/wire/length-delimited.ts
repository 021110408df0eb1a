/** Encodes a field with a message, a text or bytes. */
export function lengthDelimited(number: number, content: Uint8Array): Uint8Array[] {
  const head: number[] = [];
  for (const value of [number * 8 + 2, content.length]) {
    let rest = value;
    for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) head.push((rest & 0x7f) | 0x80);
    head.push(rest);
  }
  return [Uint8Array.from(head), content];
}
