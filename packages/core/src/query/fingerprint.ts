import { hashRanges } from "../model/hash.js";

/** A short fingerprint of a text: 84 bits of hash. */
export function createFingerprint(text: string): string {
  const bytes = Buffer.from(text, "utf8");
  const first = hashRanges(0x71, bytes, 0, bytes.length, bytes, 0, 0);
  const second = hashRanges(0x72, bytes, 0, bytes.length, bytes, 0, 0);
  return first.toString(36) + second.toString(36);
}

/** The fingerprint of a JSON value, which may contain bigints. */
export function fingerprintOf(value: unknown): string {
  return createFingerprint(
    JSON.stringify(value, (_key, part: unknown) => (typeof part === "bigint" ? `${part}n` : part)),
  );
}
