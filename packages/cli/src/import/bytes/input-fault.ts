import { SpanStoreError } from "@spanstore/core";

/** What is wrong with an input from here on; what came before is whole. */
export function inputFault(problem: string, hint?: string): SpanStoreError {
  return new SpanStoreError("INVALID_TRACES", problem, { hint });
}
