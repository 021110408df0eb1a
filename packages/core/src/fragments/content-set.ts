import type { SpanGroup } from "../otlp/groups.js";

/** A random seed for each process, so that a sender can not prepare two spans that collide. */
const processSeed = Math.floor(Math.random() * 0x100000000);

/** The hash of a resource and scope, from which the hashes of their spans start: they belong to a span's content. */
export interface ContentSeed {
  readonly low: number;
  readonly high: number;
}

let low = 0;
let high = 0;

/** Mixes a range into the running hash (`low`, `high`), four bytes at a time. */
function mix(bytes: Uint8Array, start: number, end: number): void {
  let l = low ^ (end - start);
  let h = high;
  let at = start;
  for (; at + 4 <= end; at += 4) {
    const word =
      (bytes[at] as number) |
      ((bytes[at + 1] as number) << 8) |
      ((bytes[at + 2] as number) << 16) |
      ((bytes[at + 3] as number) << 24);
    l = Math.imul(l ^ word, 0x85ebca6b);
    l ^= l >>> 13;
    h = Math.imul(h ^ word, 0xc2b2ae35);
    h ^= h >>> 16;
  }
  for (; at < end; at++) {
    l = Math.imul(l ^ (bytes[at] as number), 0x01000193);
    h = Math.imul(h ^ (bytes[at] as number), 0x27d4eb2f);
  }
  low = l;
  high = h;
}

export function contentSeed(group: SpanGroup): ContentSeed {
  low = processSeed;
  high = ~processSeed;
  for (const raw of [group.resource.raw, group.scope.raw]) {
    for (let i = 0; i < raw.length; i += 2) mix(group.bytes, raw[i] as number, raw[i + 1] as number);
    // Separates resource and scope: the same field, a schema URL, means something else in each.
    low = Math.imul(low ^ 0x9e3779b9, 0x85ebca6b) ^ raw.length;
    high = Math.imul(high ^ 0x7f4a7c15, 0xc2b2ae35) ^ raw.length;
  }
  return { low, high };
}

/** A set of the contents of a trace's spans, as hashes of 64 bits. */
export class ContentSet {
  /** Pairs of words; two zeros are a free slot. */
  #slots = new Uint32Array(128);
  #size = 0;

  /** @returns false when the set has a span of this content already. */
  add(seed: ContentSeed, bytes: Uint8Array, start: number, end: number): boolean {
    if (this.#size * 4 >= this.#slots.length) this.#grow();
    low = seed.low;
    high = seed.high;
    mix(bytes, start, end);
    low = Math.imul(low ^ (low >>> 15), 0x2c1b3c6d) >>> 0;
    high = Math.imul(high ^ (high >>> 15), 0x297a2d39) >>> 0;
    if (low === 0 && high === 0) low = 1;
    if (!insert(this.#slots, low, high)) return false;
    this.#size++;
    return true;
  }

  #grow(): void {
    const grown = new Uint32Array(this.#slots.length * 2);
    for (let i = 0; i < this.#slots.length; i += 2) {
      const l = this.#slots[i] as number;
      const h = this.#slots[i + 1] as number;
      if (l !== 0 || h !== 0) insert(grown, l, h);
    }
    this.#slots = grown;
  }
}

function insert(slots: Uint32Array, l: number, h: number): boolean {
  const mask = slots.length - 1;
  for (let at = (l << 1) & mask; ; at = (at + 2) & mask) {
    const slotLow = slots[at];
    const slotHigh = slots[at + 1];
    if (slotLow === l && slotHigh === h) return false;
    if (slotLow === 0 && slotHigh === 0) {
      slots[at] = l;
      slots[at + 1] = h;
      return true;
    }
  }
}
