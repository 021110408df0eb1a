import { isSpanStoreError, SpanStoreError } from "@spanstore/core";
import { Cursor } from "@spanstore/core/otlp";

const spanField = 1;
const wireBytes = 2;

/** An encoded jaeger.api_v2.Span, as a range of bytes. */
export interface SpanRange {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
}

/**
 * Finds the span in an encoded WriteSpanRequest.
 * @throws INVALID_QUERY for a malformed request, or one without a span.
 */
export function spanOfRequest(request: Uint8Array): SpanRange {
  const parts: SpanRange[] = [];
  try {
    const cursor = new Cursor(request);
    while (cursor.pos < cursor.end) {
      const tag = cursor.tag();
      if (tag >>> 3 === spanField && (tag & 7) === wireBytes) {
        const end = cursor.lengthEnd();
        parts.push({ bytes: request, start: cursor.pos, end });
        cursor.pos = end;
      } else {
        cursor.skip(tag);
      }
    }
  } catch (error) {
    if (!isSpanStoreError(error)) throw error;
    throw new SpanStoreError("INVALID_QUERY", `these bytes are no WriteSpanRequest: ${error.message}`, {
      cause: error,
    });
  }
  const [first] = parts;
  if (first === undefined) throw new SpanStoreError("INVALID_QUERY", "is missing", { field: "span" });
  if (parts.length === 1) return first;
  // Protobuf merges several occurrences of a message field, which is the meaning of their joined bytes.
  const bytes = Buffer.concat(parts.map(({ start, end }) => request.subarray(start, end)));
  return { bytes, start: 0, end: bytes.length };
}
