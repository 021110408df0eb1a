import { Cursor } from "./wire.js";

/** The field numbers on the way to a trace id: resource_spans, scope_spans, spans, trace_id. */
const path = [1, 2, 2, 1];

/**
 * The trace id of the first span in encoded TracesData, in hex; undefined without spans. The spans of a fragment share it.
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
      // The last occurrence counts, as in protobuf.
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
