import { hash } from "node:crypto";

/** Ids are positive: Manticore's are signed, and for 0 it would choose one of its own. */
const maxId = (1n << 63n) - 1n;
const step = 0x1e3779b97f4a7c15n;

/** The id of some content: what has the same bytes has the same id. */
export type ContentId = (content: Uint8Array) => bigint;

/** 63 bits of SHA-1: nobody makes two of one id by chance. */
export const contentId: ContentId = (content) => positive(hash("sha1", content, "buffer").readBigUInt64LE(0));

/** The id that content takes when the one before is another's. */
export function nextId(id: bigint): bigint {
  return positive(id + step);
}

function positive(bits: bigint): bigint {
  const id = bits & maxId;
  return id === 0n ? 1n : id;
}
