import { hashRanges } from "../model/hash.js";

/** A short text that differs for different texts, but for accidents: 84 bits of hash. */
export function createFingerprint(text: string): string {
  const bytes = Buffer.from(text, "utf8");
  const first = hashRanges(0x71, bytes, 0, bytes.length, bytes, 0, 0);
  const second = hashRanges(0x72, bytes, 0, bytes.length, bytes, 0, 0);
  return first.toString(36) + second.toString(36);
}

/** The fingerprint of a value that JSON can hold, bigints included. */
export function fingerprintOf(value: unknown): string {
  return createFingerprint(
    JSON.stringify(value, (_key, part: unknown) => (typeof part === "bigint" ? `${part}n` : part)),
  );
}
