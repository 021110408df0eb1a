import type { Term } from "./term.js";
import type { TermList } from "./term-list.js";

/** Terms that were computed once, and the fragment that they were last added to. */
export interface KnownTerms {
  readonly terms: readonly Term[];
  mark: number;
}

interface Entry extends KnownTerms {
  readonly seed: number;
  readonly bytes: Uint8Array;
}

const slotBits = 12;
/** Longer texts repeat seldom. */
const maxBytes = 256;

/**
 * Remembers the terms of bytes that come again and again, as most attributes do: comparing bytes takes a fraction of the time
 * of hashing key, value and words. What came once is only noted by its hash, so that ids take no place.
 */
export class KnownTermsByBytes {
  readonly #entries: (Entry | undefined)[] = new Array<Entry | undefined>(1 << slotBits).fill(undefined);
  readonly #noted = new Int32Array(1 << slotBits);
  #hash = 0;

  /** @param seed what the terms say of the bytes. */
  find(seed: number, bytes: Uint8Array, start: number, end: number): KnownTerms | undefined {
    if (end - start > maxBytes) return undefined;
    this.#hash = hashOf(seed, bytes, start, end);
    const entry = this.#entries[this.#hash >>> (32 - slotBits)];
    if (entry === undefined || entry.seed !== seed || entry.bytes.length !== end - start) return undefined;
    const known = entry.bytes;
    for (let i = 0; i < known.length; i++) if (known[i] !== bytes[start + i]) return undefined;
    return entry;
  }

  /** Remembers the terms of what the last `find` did not find, from an index of the list on, when it comes the second time. */
  note(seed: number, bytes: Uint8Array, start: number, end: number, terms: TermList, from: number): void {
    if (end - start > maxBytes) return;
    const slot = this.#hash >>> (32 - slotBits);
    if (this.#noted[slot] !== this.#hash) {
      this.#noted[slot] = this.#hash;
      return;
    }
    this.#entries[slot] = {
      seed,
      bytes: bytes.slice(start, end),
      terms: Array.from(terms.items.subarray(from, terms.length)),
      mark: 0,
    };
  }
}

function hashOf(seed: number, bytes: Uint8Array, start: number, end: number): number {
  let hash = Math.imul(seed ^ ((end - start) << 16), 0x9e3779b1);
  let at = start;
  for (; at + 4 <= end; at += 4) {
    const word =
      (bytes[at] as number) |
      ((bytes[at + 1] as number) << 8) |
      ((bytes[at + 2] as number) << 16) |
      ((bytes[at + 3] as number) << 24);
    hash = Math.imul(hash ^ word, 0x85ebca6b);
    hash ^= hash >>> 13;
  }
  for (; at < end; at++) hash = Math.imul(hash ^ (bytes[at] as number), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return hash ^ (hash >>> 13);
}
