import type { Fragment } from "@spanstore/core/engine";
import { firstTraceId } from "@spanstore/core/otlp";
import { decimal, type Row } from "../connection/client.js";
import { unescapedInPlace } from "../connection/literals.js";

/** The spans of a fragment start within this time, so that a search knows where to look; see `candidates.ts`. */
export const maxExtentMillis = 60_000;

/** What tells a fragment's row from all others, as in {@link fragmentColumns}. */
export const fragmentKeys = "id, start_time, sequence";

/** What tells a fragment's row from those of other times, too: an id may come to other content after a deletion, but in another write. */
export function fragmentKeyOf([id, , sequence]: Row): string {
  return `${id?.toString("latin1")} ${sequence?.toString("latin1")}`;
}

/** The columns of a fragment's row that {@link fragmentOf} reads. */
export const fragmentColumns = `${fragmentKeys}, encoded`;

/** The fragment of a row, in the memory of the row, whose last column is not to be read again. */
export function fragmentOf(row: Row): Fragment {
  const encoded = unescapedInPlace(row[3] as Buffer);
  return { traceId: firstTraceId(encoded) ?? "", encoded, sequence: decimal(row, 2) };
}
