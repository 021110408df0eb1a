import { hash } from "node:crypto";

const maxId = (1n << 63n) - 1n;
const step = 0x1e3779b97f4a7c15n;

/** Hashes a content to 63 bits. */
export type ContentId = (content: Uint8Array) => bigint;

/** Takes 63 bits of SHA-1. Two contents rarely share a number; {@link nextId} tells them apart if they do. */
export const contentId: ContentId = (content) => hash("sha1", content, "buffer").readBigUInt64LE(0) & maxId;

/**
 * The ids of a window's rows, a range of the positive 64-bit numbers. An id is `first`, then the row's time within the
 * window, then the number of its content. Rows arrive roughly in the order of their times, so the id of a new row is
 * above the ids of all chunks but the last ones, and searchd has to look for a duplicate only in these.
 */
export interface IdRange {
  readonly first: bigint;
  readonly startUnixNano: bigint;
  /** Lower bits of the time since the window's start that the id leaves out. */
  readonly ignoredTimeBits: bigint;
  /** Bits of the content's number that the id keeps. */
  readonly numberBits: bigint;
}

/**
 * Resolves a day to 8.6 seconds. With more bits, numbers would be so short that contents often share one; with fewer,
 * the chunks would overlap.
 */
const timeBits = 14n;

/** @param bits the width of the window's range above `first`. */
export function idRange(first: bigint, bits: bigint, startUnixNano: bigint, endUnixNano: bigint): IdRange {
  const length = BigInt((endUnixNano - startUnixNano - 1n).toString(2).length);
  return {
    first,
    startUnixNano,
    ignoredTimeBits: length > timeBits ? length - timeBits : 0n,
    numberBits: bits - timeBits,
  };
}

/** One of 2^`partBits` disjoint parts of a range. */
export function partOfIds(range: IdRange, part: bigint, partBits: bigint): IdRange {
  const numberBits = range.numberBits - partBits;
  return { ...range, first: range.first | (part << (timeBits + numberBits)), numberBits };
}

/** The id of a content with this time and number. */
export function idIn(
  { first, startUnixNano, ignoredTimeBits, numberBits }: IdRange,
  unixNano: bigint,
  number: bigint,
): bigint {
  const time = (unixNano - startUnixNano) >> ignoredTimeBits;
  return first | (time << numberBits) | BigInt.asUintN(Number(numberBits), number);
}

/** The next id to try for a content whose id another content has. */
export function nextId({ numberBits }: IdRange, id: bigint): bigint {
  return ((id >> numberBits) << numberBits) | BigInt.asUintN(Number(numberBits), id + step);
}
