import { SpanStoreError } from "@spanstore/core";
import type { Position } from "./ast.js";

/** The error for a problem at a position of a query. */
export function refusal({ line, column }: Position, problem: string, allowed?: string): SpanStoreError {
  return new SpanStoreError("INVALID_QUERY", `query: ${line}:${column}: ${problem}`, {
    field: "query",
    ...(allowed === undefined ? {} : { hint: allowed }),
  });
}

export function positionAt(text: string, offset: number): Position {
  const before = text.slice(0, offset);
  const lineStart = before.lastIndexOf("\n") + 1;
  return { line: before.split("\n").length, column: offset - lineStart + 1 };
}
