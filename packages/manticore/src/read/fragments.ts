import type { Fragment } from "@spanstore/core/engine";
import { firstTraceId } from "@spanstore/core/otlp";
import { decimal, type Row } from "../connection/client.js";
import { unescapedInPlace } from "../connection/literals.js";

/** The span starts of a fragment lie within this time, which bounds the range of a search; see `batch.ts`. */
export const maxExtentMillis = 60_000;

/** The columns that identify a fragment's row; they come first in {@link fragmentColumns}. */
export const fragmentKeys = "id, start_time, sequence";

/**
 * The key of a fragment in the cache. After a deletion other content may get the same id, but with another sequence.
 */
export function fragmentKeyOf([id, , sequence]: Row): string {
  return `${id?.toString("latin1")} ${sequence?.toString("latin1")}`;
}

/** The columns that {@link fragmentOf} reads. */
export const fragmentColumns = `${fragmentKeys}, encoded`;

/** Decodes a row in place: the row's last column is invalid afterwards. */
export function fragmentOf(row: Row): Fragment {
  const encoded = unescapedInPlace(row[3] as Buffer);
  return { traceId: firstTraceId(encoded) ?? "", encoded, sequence: decimal(row, 2) };
}
