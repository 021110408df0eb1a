const halves = 2;
const bitsPerHalf = 64;

/**
 * The digest of spans in any order: the sums of both halves of their hashes, modulo 2^64, as 32 hexadecimal digits.
 */
export function digestOf(contents: Iterable<string>): string {
  const sums = Array.from({ length: halves }, () => 0n);
  for (const content of contents) {
    const bytes = Buffer.from(content, "latin1");
    for (let half = 0; half < halves; half++) {
      sums[half] = BigInt.asUintN(bitsPerHalf, (sums[half] as bigint) + bytes.readBigUInt64LE(half * 8));
    }
  }
  return sums.map((sum) => sum.toString(16).padStart(bitsPerHalf / 4, "0")).join("");
}

/** The digest of the union of disjoint sets, from their digests. */
export function digestOfAll(digests: Iterable<string>): string {
  const sums = Array.from({ length: halves }, () => 0n);
  const digits = bitsPerHalf / 4;
  for (const digest of digests) {
    for (let half = 0; half < halves; half++) {
      const sum = BigInt(`0x${digest.slice(half * digits, (half + 1) * digits)}`);
      sums[half] = BigInt.asUintN(bitsPerHalf, (sums[half] as bigint) + sum);
    }
  }
  return sums.map((sum) => sum.toString(16).padStart(digits, "0")).join("");
}
