import { createLearnedSize } from "@spanstore/core/engine";
import type { Row } from "../connection/client.js";

/** The rows of an answer whose bytes were kept. */
export interface WholeRows {
  readonly rows: readonly Row[];
  /** Whether the limit of bytes cut rows off. */
  readonly isCut: boolean;
}

/** Takes the whole rows of an answer with {@link fragmentColumns}. */
export function wholeRows(rows: readonly Row[]): WholeRows {
  // The client puts null in place of bytes that it did not keep.
  const end = rows.findIndex((row) => row[3] === null);
  return end < 0 ? { rows, isCut: false } : { rows: rows.slice(0, end), isCut: true };
}

/** The size of fragments, learned from answers: it limits the rows of a statement. */
export interface RowBytes {
  readonly note: (rows: readonly Row[]) => void;
  /** About how many rows fit into these bytes; at least one. */
  readonly rowsWithin: (bytes: number) => number;
}

export function createRowBytes(): RowBytes {
  const { perItem, note } = createLearnedSize();
  return {
    note: (rows) =>
      note(
        rows.length,
        rows.reduce((sum, row) => sum + (row[3] as Buffer).length, 0),
      ),
    rowsWithin: (bytes) =>
      perItem() === 0 ? Number.MAX_SAFE_INTEGER : Math.max(1, Math.floor(bytes / perItem())),
  };
}
