import { type Fragment, spansOf } from "@spanstore/core";
import { decimal, type Row } from "./client.js";
import { unescaped } from "./literals.js";

/** The spans of a fragment start within this time, so that a search knows where to look; see `candidates.ts`. */
export const maxExtentMillis = 60_000;

/** What tells a fragment's row from all others, as in {@link fragmentColumns}. */
export const fragmentKeys = "id, start_time, sequence";

/** The columns of a fragment's row that {@link fragmentOf} reads. */
export const fragmentColumns = `${fragmentKeys}, encoded`;

export function fragmentOf(row: Row): Fragment {
  const encoded = unescaped(row[3] as Buffer);
  const { value: first } = spansOf(encoded).next();
  return { traceId: first?.traceId ?? "", encoded, sequence: decimal(row, 2) };
}
