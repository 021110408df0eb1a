/**
 * Pages of postings. An entry is a term and the fragments that have it; entries ascend by term. A term has 32 bits and is stored
 * as the difference from the previous one. A fragment is an ordinal: the index of its id among the segment's ids. The
 * ordinals of an entry are a single one, a list of gaps, or a bitmap where that is shorter.
 */
import type { Term } from "@spanstore/core/engine";

/** The row of a page fits into one page of the database. */
const pageBytes = 4040;

/** The most fragments of a segment: their bitmap fits into a page. */
export const maxFragments = 16 * 1024;

const single = 0;
const gaps = 1;
const bitmap = 2;
const kindBits = 2;

/** The 32 bits of a term that segments store. A collision only adds a candidate. */
export function keyOf(term: Term): number {
  return term >>> 0;
}

/** A set of ordinals as bits. */
export type Ordinals = Uint32Array;

export function emptyOrdinals(fragments: number): Ordinals {
  return new Uint32Array((fragments + 31) >>> 5);
}

/** Fills pages with entries, which must ascend by term. */
export class PageWriter {
  readonly #put: (page: Buffer) => void;
  readonly #page = Buffer.allocUnsafe(pageBytes);
  #at = 0;
  #last = 0;
  /** The first term of each page. */
  readonly firstKeys: number[] = [];

  constructor(put: (page: Buffer) => void) {
    this.#put = put;
  }

  /** @param ordinals ascending from `start` to `end`; at least one. */
  add(key: number, ordinals: Uint32Array, start: number, end: number): void {
    const size = end - start === 1 ? 0 : gapBytes(ordinals, start, end);
    const bitmapBytes = ((ordinals[end - 1] as number) >>> 3) + 1;
    const payload = Math.min(size, bitmapBytes);
    if (this.#at + maxEntryHead + payload > pageBytes) this.flush();
    if (this.#at === 0) {
      this.firstKeys.push(key);
      this.#last = key;
    }
    this.#varint(key - this.#last);
    this.#last = key;
    if (end - start === 1) {
      this.#varint(((ordinals[start] as number) << kindBits) | single);
    } else if (bitmapBytes < size) {
      this.#varint((bitmapBytes << kindBits) | bitmap);
      this.#bitmap(ordinals, start, end, bitmapBytes);
    } else {
      this.#varint((size << kindBits) | gaps);
      let next = 0;
      for (let i = start; i < end; i++) {
        const ordinal = ordinals[i] as number;
        this.#varint(ordinal - next);
        next = ordinal + 1;
      }
    }
  }

  flush(): void {
    if (this.#at === 0) return;
    this.#put(this.#page.subarray(0, this.#at));
    this.#at = 0;
  }

  #varint(value: number): void {
    const page = this.#page;
    let rest = value;
    while (rest > 127) {
      page[this.#at++] = (rest & 127) | 128;
      rest >>>= 7;
    }
    page[this.#at++] = rest;
  }

  #bitmap(ordinals: Uint32Array, start: number, end: number, bytes: number): void {
    const page = this.#page;
    const base = this.#at;
    page.fill(0, base, base + bytes);
    for (let i = start; i < end; i++) {
      const ordinal = ordinals[i] as number;
      page[base + (ordinal >>> 3)] = (page[base + (ordinal >>> 3)] as number) | (1 << (ordinal & 7));
    }
    this.#at = base + bytes;
  }
}

/** The difference of terms and the head take at most five bytes each. */
const maxEntryHead = 10;

function gapBytes(ordinals: Uint32Array, start: number, end: number): number {
  let size = 0;
  let next = 0;
  for (let i = start; i < end; i++) {
    const ordinal = ordinals[i] as number;
    const gap = ordinal - next;
    size += gap < 128 ? 1 : gap < 16_384 ? 2 : 3;
    next = ordinal + 1;
  }
  return size;
}

/** Reads the entries of a page in order. */
export class PageCursor {
  key = 0;
  #page: Buffer = Buffer.alloc(0);
  #at = 0;
  #head = 0;

  /** @param firstKey the first term of the page. */
  open(page: Buffer, firstKey: number): void {
    this.#page = page;
    this.#at = 0;
    this.#head = 0;
    this.key = firstKey;
  }

  /** Moves to the next entry; false at the end of the page. */
  next(): boolean {
    if (this.#head !== 0) this.#at += this.#head >>> kindBits;
    this.#head = 0;
    if (this.#at >= this.#page.length) return false;
    this.key += this.#varint();
    const head = this.#varint();
    if ((head & 3) === single) this.#single = head >>> kindBits;
    else this.#head = head;
    return true;
  }

  #single = 0;

  /** Adds the ordinals of the entry to a set. */
  addTo(set: Ordinals): void {
    this.visit((ordinal) => {
      set[ordinal >>> 5] = (set[ordinal >>> 5] as number) | (1 << (ordinal & 31));
    });
  }

  /** Maps the ordinals of the entry by `places` and writes them to `out`. @returns the index after the last. */
  copyTo(out: Uint32Array, from: number, places: Uint32Array): number {
    let at = from;
    this.visit((ordinal) => {
      out[at++] = places[ordinal] as number;
    });
    return at;
  }

  visit(each: (ordinal: number) => void): void {
    const head = this.#head;
    if (head === 0) {
      each(this.#single);
      return;
    }
    const page = this.#page;
    const end = this.#at + (head >>> kindBits);
    if ((head & 3) === bitmap) {
      for (let at = this.#at, base = 0; at < end; at++, base += 8) {
        for (let byte = page[at] as number; byte !== 0; byte &= byte - 1) {
          each(base + 31 - Math.clz32(byte & -byte));
        }
      }
      return;
    }
    let next = 0;
    for (let at = this.#at; at < end; ) {
      let gap = page[at++] as number;
      if (gap > 127) {
        gap = (gap & 127) | ((page[at++] as number) << 7);
        if (gap > 16_383) gap = (gap & 16_383) | ((page[at++] as number) << 14);
      }
      const ordinal = next + gap;
      each(ordinal);
      next = ordinal + 1;
    }
  }

  #varint(): number {
    const page = this.#page;
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = page[this.#at++] as number;
      value |= (byte & 127) << shift;
      if (byte < 128) return value >>> 0;
    }
  }
}

/** Encodes ascending ids as differences. */
export function encodeSegmentIds(ids: Float64Array): Buffer {
  const out = Buffer.allocUnsafe(ids.length * 8 + 8);
  let at = 0;
  let last = 0;
  for (const id of ids) {
    let rest = id - last;
    last = id;
    while (rest > 127) {
      out[at++] = (rest % 128) | 128;
      rest = Math.floor(rest / 128);
    }
    out[at++] = rest;
  }
  return out.subarray(0, at);
}

export function decodeSegmentIds(encoded: Buffer, count: number): Float64Array {
  const ids = new Float64Array(count);
  let last = 0;
  let at = 0;
  for (let i = 0; i < count; i++) {
    let byte = encoded[at++] as number;
    let value = byte & 127;
    for (let scale = 128; byte > 127; scale *= 128) {
      byte = encoded[at++] as number;
      value += (byte & 127) * scale;
    }
    last += value;
    ids[i] = last;
  }
  return ids;
}

export function encodeKeys(keys: readonly number[]): Buffer {
  const out = Buffer.allocUnsafe(keys.length * 4);
  keys.forEach((key, i) => {
    out.writeUInt32LE(key, i * 4);
  });
  return out;
}

export function decodeKeys(encoded: Buffer): Uint32Array {
  const keys = new Uint32Array(encoded.length >>> 2);
  for (let i = 0; i < keys.length; i++) keys[i] = encoded.readUInt32LE(i * 4);
  return keys;
}

/** The only page that can have a term: the last whose first term is not greater; -1 when there is none. */
export function pageOfKey(firstKeys: Uint32Array, key: number): number {
  let low = 0;
  let high = firstKeys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((firstKeys[middle] as number) <= key) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
