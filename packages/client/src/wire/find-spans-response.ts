import type { SpanChunk } from "@spanstore/core";
import { lengthDelimited } from "./length-delimited.js";

/** Fields of FindSpansResponse. */
export const spansField = 1;
export const tokenField = 3;

/** Encodes a FindSpansResponse around encoded spans. */
export function encodeFindSpansResponse({ encoded, nextPageToken }: SpanChunk): Buffer {
  const parts = lengthDelimited(spansField, encoded);
  if (nextPageToken !== undefined)
    parts.push(...lengthDelimited(tokenField, Buffer.from(nextPageToken, "utf8")));
  return Buffer.concat(parts);
}
