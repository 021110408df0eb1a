import { hash } from "node:crypto";

const maxId = (1n << 63n) - 1n;
const step = 0x1e3779b97f4a7c15n;

/** Numbers a content by 63 bits: equal bytes have equal numbers. */
export type ContentId = (content: Uint8Array) => bigint;

/** Takes bits of SHA-1, so that two contents share a number neither by chance nor by intent. */
export const contentId: ContentId = (content) => hash("sha1", content, "buffer").readBigUInt64LE(0) & maxId;

/**
 * Ids of a window's rows, a part of the positive 64-bit numbers: `first`, then where in the window the row's time lies, then
 * its content's number. Rows come in the order of their times, more or less. So a new row's id is above those of all
 * chunks but the last ones, and searchd, which looks for it in every chunk, need not look into the others.
 */
export interface IdRange {
  readonly first: bigint;
  readonly startUnixNano: bigint;
  /** Times that differ in these lower bits alone, counted from the window's start, are taken for one. */
  readonly ignoredTimeBits: bigint;
  /** How many bits of a content's number the id keeps. */
  readonly numberBits: bigint;
}

/**
 * Of a day, these tell 8.6 seconds apart: with more, numbers would be so short that contents often share one; with fewer,
 * chunks would overlap.
 */
const timeBits = 14n;

/** @param bits of all numbers above `first` that are the window's. */
export function idRange(first: bigint, bits: bigint, startUnixNano: bigint, endUnixNano: bigint): IdRange {
  const length = BigInt((endUnixNano - startUnixNano - 1n).toString(2).length);
  return {
    first,
    startUnixNano,
    ignoredTimeBits: length > timeBits ? length - timeBits : 0n,
    numberBits: bits - timeBits,
  };
}

/** One of 2^`partBits` parts that have no id in common. */
export function partOfIds(range: IdRange, part: bigint, partBits: bigint): IdRange {
  const numberBits = range.numberBits - partBits;
  return { ...range, first: range.first | (part << (timeBits + numberBits)), numberBits };
}

/** The id of a content, by its time in the window. */
export function idIn(
  { first, startUnixNano, ignoredTimeBits, numberBits }: IdRange,
  unixNano: bigint,
  number: bigint,
): bigint {
  const time = (unixNano - startUnixNano) >> ignoredTimeBits;
  return first | (time << numberBits) | BigInt.asUintN(Number(numberBits), number);
}

/** The next id for a content whose id belongs to another one. */
export function nextId({ numberBits }: IdRange, id: bigint): bigint {
  return ((id >> numberBits) << numberBits) | BigInt.asUintN(Number(numberBits), id + step);
}
