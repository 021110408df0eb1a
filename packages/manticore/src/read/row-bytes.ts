import type { Row } from "../connection/client.js";

/** What one answer brings of fragments, up to the last row that came whole. */
export interface WholeRows {
  readonly rows: readonly Row[];
  /** More rows are there than the bytes allow. */
  readonly isCut: boolean;
}

/** Takes the rows of {@link fragmentColumns} that came whole. */
export function wholeRows(rows: readonly Row[]): WholeRows {
  // The client gives null in place of the bytes that it did not keep.
  const end = rows.findIndex((row) => row[3] === null);
  return end < 0 ? { rows, isCut: false } : { rows: rows.slice(0, end), isCut: true };
}

/** The average size of fragments, learned from answers: a statement asks for no more rows than fit. */
export interface RowBytes {
  readonly note: (rows: readonly Row[]) => void;
  /** About how many rows have so many bytes together; at least one. */
  readonly rowsWithin: (bytes: number) => number;
}

/** The part that the newest answer has in the average. */
const newestPart = 0.25;

export function createRowBytes(): RowBytes {
  let average = 0;
  return {
    note: (rows) => {
      if (rows.length === 0) return;
      const bytes = rows.reduce((sum, row) => sum + (row[3] as Buffer).length, 0) / rows.length;
      average = average === 0 ? bytes : average + (bytes - average) * newestPart;
    },
    rowsWithin: (bytes) =>
      average === 0 ? Number.MAX_SAFE_INTEGER : Math.max(1, Math.floor(bytes / average)),
  };
}
