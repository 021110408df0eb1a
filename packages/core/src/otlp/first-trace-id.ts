import { Cursor } from "./wire.js";

/** Where a trace id stands: the resource's field, the scope's, the span's, and the span's own. */
const path = [1, 2, 2, 1];

/**
 * The trace id of the first span in encoded TracesData, in hex: of all spans of a fragment. Undefined without a span.
 * @throws INVALID_TRACES for bytes that are no protobuf.
 */
export function firstTraceId(encoded: Uint8Array): string | undefined {
  return idIn(new Cursor(encoded), 0);
}

function idIn(cursor: Cursor, depth: number): string | undefined {
  const { bytes, end } = cursor;
  let traceId: string | undefined;
  while (cursor.pos < end) {
    const tag = cursor.tag();
    if (tag >>> 3 !== path[depth]) {
      cursor.skip(tag);
      continue;
    }
    const fieldEnd = cursor.lengthEnd();
    if (depth === path.length - 1) {
      // Of several the last counts, as in protobuf.
      traceId = Buffer.from(bytes.buffer, bytes.byteOffset + cursor.pos, fieldEnd - cursor.pos).toString(
        "hex",
      );
      cursor.pos = fieldEnd;
      continue;
    }
    cursor.end = fieldEnd;
    traceId = idIn(cursor, depth + 1);
    if (traceId !== undefined) return traceId;
    cursor.pos = fieldEnd;
    cursor.end = end;
  }
  return traceId;
}
