import type { RejectedSpan } from "@spanstore/core";
import { parseGroups } from "@spanstore/core/otlp";

/** The spans of a fragment that Elasticsearch refuses. */
export function rejectedSpans(encoded: Uint8Array, reason: string): RejectedSpan[] {
  const rejected: RejectedSpan[] = [];
  for (const { bytes, spans } of parseGroups(encoded)) {
    for (let i = 0; i < spans.length; i += 2) {
      rejected.push({ encoded: bytes.slice(spans[i] as number, spans[i + 1] as number), reason });
    }
  }
  return rejected;
}
