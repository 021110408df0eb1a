import { SpanStoreError } from "@spanstore/core";

/** An error of an input; everything before it was read. */
export function inputFault(problem: string, hint?: string): SpanStoreError {
  return new SpanStoreError("INVALID_TRACES", problem, { hint });
}
