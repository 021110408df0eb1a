import type { SpanChunk } from "@spanstore/core";

/** Tags of FindSpansResponse: `spans` is field 1, `next_page_token` field 3, both length-delimited. */
const spansTag = 0x0a;
const tokenTag = 0x1a;

/** A FindSpansResponse around spans that are encoded already. */
export function encodeFindSpansResponse({ encoded, nextPageToken }: SpanChunk): Buffer {
  const parts = [field(spansTag, encoded.length), encoded];
  if (nextPageToken !== undefined) {
    const token = Buffer.from(nextPageToken, "utf8");
    parts.push(field(tokenTag, token.length), token);
  }
  return Buffer.concat(parts);
}

function field(tag: number, length: number): Buffer {
  const bytes = [tag];
  let rest = length;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest & 0x7f) | 0x80);
  return Buffer.from([...bytes, rest]);
}
