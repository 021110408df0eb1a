import { type FilterCall, isSpanStoreError, SpanStoreError } from "@spanstore/core";
import { decodeFilter } from "@spanstore/core/engine";
import { Cursor } from "@spanstore/core/otlp";

const wireBytes = 2;
/** The field of the parameters in every search request. */
const queryField = 1;

/** The structured filter's field number in TraceQueryParameters and in SpanQueryParameters. */
export const traceFilterField = 9;
export const spanFilterField = 3;

/**
 * The structured filter of an encoded search request, decoded from its bytes by core: absent and empty scalars are the same
 * on the wire, and only core's decoder knows which parts a filter may lack.
 * @param field the filter's number in the parameters.
 * @throws INVALID_QUERY for a malformed filter.
 */
export function filterOf(request: Uint8Array, field: number): FilterCall | undefined {
  try {
    const bytes = merged(merged([request], queryField), field);
    return bytes.length === 0 ? undefined : decodeFilter(Buffer.concat(bytes), "query.filter");
  } catch (error) {
    if (isSpanStoreError(error) && error.code === "INVALID_TRACES") {
      throw new SpanStoreError("INVALID_QUERY", error.message, { field: "query", cause: error });
    }
    throw error;
  }
}

/** The parts of a message field. Protobuf merges several occurrences in order. */
function merged(messages: readonly Uint8Array[], field: number): Uint8Array[] {
  const parts: Uint8Array[] = [];
  for (const message of messages) {
    const cursor = new Cursor(message);
    while (cursor.pos < cursor.end) {
      const tag = cursor.tag();
      if (tag >>> 3 === field && (tag & 7) === wireBytes) {
        const end = cursor.lengthEnd();
        parts.push(message.subarray(cursor.pos, end));
        cursor.pos = end;
      } else {
        cursor.skip(tag);
      }
    }
  }
  return parts;
}
