import { SpanStoreError } from "@spanstore/core";

/** @throws INVALID_TRACES about one part of a span. */
export function refuse(field: string, problem: string): never {
  throw new SpanStoreError("INVALID_TRACES", `${field}: ${problem}`, { field });
}

/** @throws INVALID_TRACES without a field, which the caller adds. */
export function malformed(problem: string): never {
  throw new SpanStoreError("INVALID_TRACES", problem);
}

/** @throws INVALID_TRACES, without a field. */
export function checkTraceId(length: number): void {
  if (length !== 16 && length !== 8) malformed(`a trace id has 16 or 8 bytes, not ${length}`);
}

/** @throws INVALID_TRACES, without a field. */
export function checkSpanId(length: number): void {
  if (length !== 8) malformed(`a span id has 8 bytes, not ${length}`);
}
