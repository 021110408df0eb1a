import type { Term } from "./term.js";

/** A list of terms with duplicates. It is reused for every span, so that a write allocates little. */
export class TermList {
  items = new Float64Array(64);
  length = 0;

  push(term: Term): void {
    if (this.length === this.items.length) {
      const grown = new Float64Array(this.items.length * 2);
      grown.set(this.items);
      this.items = grown;
    }
    this.items[this.length++] = term;
  }
}

/** A set of terms: open addressing over doubles, since a Set would box each of them. */
export class TermSet {
  /** Each term plus 1; 0 is a free slot. */
  #slots = new Float64Array(128);
  size = 0;

  add(term: Term): void {
    this.#reserve(1);
    if (insert(this.#slots, term + 1)) this.size++;
  }

  /** Adds a list. Inlines `add` with local variables, since writes spend most of their time here. */
  addAll(list: TermList): void {
    const { items, length } = list;
    this.#reserve(length);
    const slots = this.#slots;
    const mask = slots.length - 1;
    let added = 0;
    for (let i = 0; i < length; i++) {
      const value = (items[i] as number) + 1;
      let at = value & mask;
      for (;;) {
        const slot = slots[at] as number;
        if (slot === value) break;
        if (slot === 0) {
          slots[at] = value;
          added++;
          break;
        }
        at = (at + 1) & mask;
      }
    }
    this.size += added;
  }

  has(term: Term): boolean {
    const mask = this.#slots.length - 1;
    for (let at = (term + 1) & mask; ; at = (at + 1) & mask) {
      const slot = this.#slots[at];
      if (slot === term + 1) return true;
      if (slot === 0) return false;
    }
  }

  /** The index of the first of these terms, starting at `from`, that is in the set; `terms.length` when none is. */
  nextOf(terms: Float64Array, from: number): number {
    const slots = this.#slots;
    const mask = slots.length - 1;
    for (let i = from; i < terms.length; i++) {
      const value = (terms[i] as number) + 1;
      let at = value & mask;
      let slot = slots[at] as number;
      while (slot !== 0 && slot !== value) {
        at = (at + 1) & mask;
        slot = slots[at] as number;
      }
      if (slot === value) return i;
    }
    return terms.length;
  }

  *[Symbol.iterator](): Generator<Term, void, undefined> {
    for (const slot of this.#slots) if (slot !== 0) yield slot - 1;
  }

  /** Calls `visit` with every term; faster than the iterator. */
  forEach(visit: (term: Term) => void): void {
    const slots = this.#slots;
    for (let i = 0; i < slots.length; i++) if (slots[i] !== 0) visit((slots[i] as number) - 1);
  }

  /** Keeps a quarter of the slots free. Grows fourfold, since even a fragment of a few spans has hundreds of terms. */
  #reserve(added: number): void {
    const slots = this.#slots;
    const least = (this.size + added) * 4;
    let size = slots.length;
    if (least <= size * 3) return;
    while (size * 3 < least) size *= 4;
    const grown = new Float64Array(size);
    for (let i = 0; i < slots.length; i++) if (slots[i] !== 0) insert(grown, slots[i] as number);
    this.#slots = grown;
  }
}

function insert(slots: Float64Array, value: number): boolean {
  const mask = slots.length - 1;
  for (let at = value & mask; ; at = (at + 1) & mask) {
    const slot = slots[at];
    if (slot === value) return false;
    if (slot === 0) {
      slots[at] = value;
      return true;
    }
  }
}
