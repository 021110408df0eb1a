import { SpanStoreError } from "@spanstore/core";

/** @throws INVALID_TRACES about one part of a span. */
export function refuse(field: string, problem: string): never {
  throw new SpanStoreError("INVALID_TRACES", `${field}: ${problem}`, { field });
}

/** @throws INVALID_TRACES about a part that the caller names. */
export function malformed(problem: string): never {
  throw new SpanStoreError("INVALID_TRACES", problem);
}
