import type { Fragment } from "@spanstore/core/engine";
import { Cursor } from "@spanstore/core/otlp";
import { decimal, type Row } from "../connection/client.js";
import { unescapedInPlace } from "../connection/literals.js";

/** The spans of a fragment start within this time, so that a search knows where to look; see `candidates.ts`. */
export const maxExtentMillis = 60_000;

/** What tells a fragment's row from all others, as in {@link fragmentColumns}. */
export const fragmentKeys = "id, start_time, sequence";

/** The columns of a fragment's row that {@link fragmentOf} reads. */
export const fragmentColumns = `${fragmentKeys}, encoded`;

/** The fragment of a row, in the memory of the row, whose last column is not to be read again. */
export function fragmentOf(row: Row): Fragment {
  const encoded = unescapedInPlace(row[3] as Buffer);
  return { traceId: traceIdIn(new Cursor(encoded)) ?? "", encoded, sequence: decimal(row, 2) };
}

/** Where spans stand: the resource's field, the scope's, the span's, and the span's trace id. */
const path = [1, 2, 2, 1];

/** The trace id of the first span, in hex. All spans of a fragment have the same. */
function traceIdIn(cursor: Cursor, depth = 0): string | undefined {
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
    traceId = traceIdIn(cursor, depth + 1);
    if (traceId !== undefined) return traceId;
    cursor.pos = fieldEnd;
    cursor.end = end;
  }
  return traceId;
}
