import { keyNames, otherKey } from "./keys.js";
import type { Pairs } from "./pairs.js";
import { trim } from "./ranges.js";
import { attribute, attributeLiteral, literal } from "./tag-script.js";

/** Up to this many rows, each is compared with all before it; more rows use a map. */
const fewRows = 48;

/**
 * Decides which tags become which attributes. OTLP's attributes are a map: of tags with the same key, the last value counts,
 * in the place of the first.
 */
export class AttributeRows {
  /** How each tag comes back; see tag-script.ts. */
  readonly role: number[] = [];
  /** For a row that became an attribute, the row of its value; else -1. */
  readonly owner: number[] = [];
  /** By code of a key, the row of its attribute, or -1. */
  readonly #rowOfKey = new Int32Array(keyNames.length);
  readonly #fingerprint: number[] = [];

  clear(): void {
    trim(this.role, this.owner, this.#fingerprint);
  }

  /** Fills the columns for a range of rows, except two that are no attributes and whose roles the caller sets. */
  put(pairs: Pairs, from: number, to: number, apart = -1, alsoApart = -1): void {
    this.#rowOfKey.fill(-1);
    const known = to - from > fewRows ? new Map<string, number>() : undefined;
    for (let row = from; row < to; row++) {
      this.owner[row] = -1;
      if (row === apart || row === alsoApart) {
        this.#fingerprint[row] = -1;
        continue;
      }
      const earlier = known === undefined ? this.#earlier(pairs, from, row) : earlierIn(known, pairs, row);
      if (earlier >= 0) {
        this.#fingerprint[row] = -1;
        this.role[row] = literal;
        this.role[earlier] = attributeLiteral;
        this.owner[earlier] = row;
        continue;
      }
      this.owner[row] = row;
      this.role[row] = pairs.odd[row] === true ? attributeLiteral : attribute;
      const key = pairs.key[row] as number;
      if (key !== otherKey) this.#rowOfKey[key] = row;
    }
  }

  /** The row of the attribute with this key, or -1. */
  rowOf(key: number): number {
    return this.#rowOfKey[key] as number;
  }

  /** The row of the value of the attribute with this key, or -1. */
  valueOf(key: number): number {
    const row = this.rowOf(key);
    return row < 0 ? -1 : (this.owner[row] as number);
  }

  /** Removes the attribute with this key. Its tag comes back from `source` if it can, else as a literal. */
  remove(key: number, source: number): void {
    const row = this.rowOf(key);
    this.role[row] = this.role[row] === attribute ? source : literal;
    this.owner[row] = -1;
    this.#rowOfKey[key] = -1;
  }

  #earlier(pairs: Pairs, from: number, row: number): number {
    const { bytes } = pairs;
    const start = pairs.keyStart[row] as number;
    const end = pairs.keyEnd[row] as number;
    const length = end - start;
    const fingerprint =
      length === 0
        ? 0
        : ((length & 0x7f) << 24) |
          ((bytes[start] as number) << 16) |
          ((bytes[start + (length >>> 1)] as number) << 8) |
          (bytes[end - 1] as number);
    this.#fingerprint[row] = fingerprint;
    for (let other = from; other < row; other++) {
      if (this.#fingerprint[other] === fingerprint && pairs.sameKey(row, other)) return other;
    }
    return -1;
  }
}

function earlierIn(known: Map<string, number>, pairs: Pairs, row: number): number {
  const start = pairs.keyStart[row] as number;
  const length = (pairs.keyEnd[row] as number) - start;
  const key = Buffer.from(pairs.bytes.buffer, pairs.bytes.byteOffset + start, length).toString("latin1");
  const earlier = known.get(key);
  if (earlier === undefined) known.set(key, row);
  return earlier ?? -1;
}
