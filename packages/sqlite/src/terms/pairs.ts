import type { TermSet } from "@spanstore/core/engine";
import { keyOf } from "./postings.js";

const digitBits = 11;
const digits = 1 << digitBits;

/** Sorts pairs of a term and a fragment's ordinal by term. Reuses its arrays. */
export class TermPairs {
  keys = new Uint32Array(4096);
  ordinals = new Uint32Array(4096);
  length = 0;
  #otherKeys = new Uint32Array(4096);
  #otherOrdinals = new Uint32Array(4096);
  readonly #starts = [new Uint32Array(digits), new Uint32Array(digits), new Uint32Array(digits)] as const;

  /** @param ordinal ascending from call to call. */
  add(ordinal: number, terms: TermSet): void {
    this.#reserve(this.length + terms.size);
    const { keys, ordinals } = this;
    let at = this.length;
    terms.forEach((term) => {
      keys[at] = keyOf(term);
      ordinals[at++] = ordinal;
    });
    this.length = at;
  }

  /** Sorts by term. A radix sort keeps the order of ordinals and takes a sixth of a comparison sort's time. */
  sort(): void {
    const [low, middle, high] = this.#starts;
    low.fill(0);
    middle.fill(0);
    high.fill(0);
    const { keys, length } = this;
    for (let i = 0; i < length; i++) {
      const key = keys[i] as number;
      count(low, key & (digits - 1));
      count(middle, (key >>> digitBits) & (digits - 1));
      count(high, key >>> (2 * digitBits));
    }
    this.#starts.forEach((starts, digit) => {
      let sum = 0;
      for (let i = 0; i < digits; i++) {
        const amount = starts[i] as number;
        starts[i] = sum;
        sum += amount;
      }
      this.#distribute(starts, digit * digitBits);
    });
  }

  #distribute(starts: Uint32Array, shift: number): void {
    const { keys, ordinals, length } = this;
    const toKeys = this.#otherKeys;
    const toOrdinals = this.#otherOrdinals;
    for (let i = 0; i < length; i++) {
      const key = keys[i] as number;
      const digit = (key >>> shift) & (digits - 1);
      const at = starts[digit] as number;
      starts[digit] = at + 1;
      toKeys[at] = key;
      toOrdinals[at] = ordinals[i] as number;
    }
    this.keys = toKeys;
    this.ordinals = toOrdinals;
    this.#otherKeys = keys;
    this.#otherOrdinals = ordinals;
  }

  #reserve(length: number): void {
    if (length <= this.keys.length) return;
    const size = Math.max(length, this.keys.length * 2);
    const keys = new Uint32Array(size);
    const ordinals = new Uint32Array(size);
    keys.set(this.keys);
    ordinals.set(this.ordinals);
    this.keys = keys;
    this.ordinals = ordinals;
    this.#otherKeys = new Uint32Array(size);
    this.#otherOrdinals = new Uint32Array(size);
  }
}

function count(counts: Uint32Array, digit: number): void {
  counts[digit] = (counts[digit] as number) + 1;
}
