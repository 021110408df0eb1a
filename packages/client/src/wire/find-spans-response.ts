import type { SpanChunk } from "@spanstore/core";
import { lengthDelimited } from "./length-delimited.js";

/** Fields of FindSpansResponse. */
export const spansField = 1;
export const tokenField = 3;

/** A FindSpansResponse around spans that are encoded already. */
export function encodeFindSpansResponse({ encoded, nextPageToken }: SpanChunk): Buffer {
  const parts = lengthDelimited(spansField, encoded);
  if (nextPageToken !== undefined)
    parts.push(...lengthDelimited(tokenField, Buffer.from(nextPageToken, "utf8")));
  return Buffer.concat(parts);
}
