import { hash } from "node:crypto";
import type { IdRange } from "./windows.js";

const maxId = (1n << 63n) - 1n;
const step = 0x1e3779b97f4a7c15n;

/** A number for some content, 63 bits: what has the same bytes has the same number. */
export type ContentId = (content: Uint8Array) => bigint;

/** Of SHA-1, so that nobody makes two of one number by chance, or as he likes. */
export const contentId: ContentId = (content) => hash("sha1", content, "buffer").readBigUInt64LE(0) & maxId;

/** The id that content takes in a window. */
export function idIn({ first, lowerBits }: IdRange, number: bigint): bigint {
  return first | (number & lowerBits);
}

/** The id that it takes instead when that one is another's. */
export function nextId({ first, lowerBits }: IdRange, id: bigint): bigint {
  return first | ((id + step) & lowerBits);
}
