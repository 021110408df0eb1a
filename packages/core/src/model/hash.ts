/** Hashes two ranges of bytes with a seed to 42 bits. Separates the ranges: `ab`+`c` differs from `a`+`bc`. */
export function hashRanges(
  seed: number,
  first: Uint8Array,
  firstAt: number,
  firstEnd: number,
  second: Uint8Array,
  secondAt: number,
  secondEnd: number,
): number {
  let low = Math.imul(seed, 0x9e3779b1) ^ 0x811c9dc5;
  let high = Math.imul(seed ^ 0x5bd1e995, 0x85ebca6b);
  for (let at = firstAt; at < firstEnd; at++) {
    const byte = first[at] as number;
    low = Math.imul(low ^ byte, 0x01000193);
    high = Math.imul(high ^ byte, 0x27d4eb2f);
  }
  low = Math.imul(low ^ 0x1ff, 0x01000193);
  high = Math.imul(high ^ 0x1ff, 0x27d4eb2f);
  for (let at = secondAt; at < secondEnd; at++) {
    const byte = second[at] as number;
    low = Math.imul(low ^ byte, 0x01000193);
    high = Math.imul(high ^ byte, 0x27d4eb2f);
  }
  low = Math.imul(low ^ (low >>> 16), 0x85ebca6b);
  low = Math.imul(low ^ (low >>> 13), 0xc2b2ae35);
  high = Math.imul(high ^ (high >>> 15) ^ low, 0xc2b2ae35);
  high = Math.imul(high ^ (high >>> 13), 0x27d4eb2f);
  return ((high ^ (high >>> 16)) & 0x1fffff) * 0x200000 + ((low ^ (low >>> 16)) & 0x1fffff);
}
