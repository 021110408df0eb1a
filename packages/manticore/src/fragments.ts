import { type Fragment, spansOf } from "@spanstore/core";
import { decimal, type Row } from "./client.js";
import { unescaped } from "./literals.js";

/** The columns of a fragment's row that {@link fragmentOf} reads. */
export const fragmentColumns = "id, start_time, sequence, encoded";

export function fragmentOf(row: Row): Fragment {
  const encoded = unescaped(row[3] as Buffer);
  const { value: first } = spansOf(encoded).next();
  return { traceId: first?.traceId ?? "", encoded, sequence: decimal(row, 2) };
}
