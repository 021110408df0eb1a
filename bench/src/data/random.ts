/** MurmurHash3's finalizer: a bijection of 32-bit integers that looks random. */
export function mix(value: number): number {
  let h = value | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** The inverse of {@link mix}: `unmix(mix(x)) === x >>> 0`. */
export function unmix(value: number): number {
  let h = value | 0;
  h = Math.imul(h ^ (h >>> 16), 0x7ed1b41d);
  h = Math.imul(h ^ (h >>> 13) ^ (h >>> 26), 0xa5cb9243);
  return (h ^ (h >>> 16)) >>> 0;
}

/** One hash of several integers. */
export function hash(seed: number, a: number, b = 0): number {
  return mix(mix(mix(seed ^ 0x9e3779b9) + a) ^ Math.imul(b + 1, 0x27d4eb2f));
}

/** A small deterministic source of numbers (mulberry32): the same seed, the same sequence. */
export interface Random {
  /** Starts the sequence of this seed. */
  reset(seed: number): void;
  /** The next 32 bits, unsigned. */
  next(): number;
  /** A whole number from 0 to below `bound`. */
  below(bound: number): number;
  /** A fraction from 0 to below 1. */
  fraction(): number;
}

export function createRandom(seed: number): Random {
  let state = seed | 0;
  function next(): number {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return (t ^ (t >>> 14)) >>> 0;
  }
  return {
    reset(to) {
      state = to | 0;
    },
    next,
    below: (bound) => next() % bound,
    fraction: () => next() / 0x1_0000_0000,
  };
}
