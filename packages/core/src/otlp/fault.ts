import { isSpanStoreError, SpanStoreError } from "../errors/errors.js";

/** An INVALID_TRACES error about one field; each level above prefixes its part of the path. */
export function fault(field: string, problem: string, hint?: string): SpanStoreError {
  return new SpanStoreError("INVALID_TRACES", problem, { field, hint });
}

/** Prefixes a fault's field with its parent. Other errors pass unchanged. */
export function faultWithin(parent: string, error: unknown): unknown {
  if (!isSpanStoreError(error) || error.code !== "INVALID_TRACES") return error;
  const field = error.field === undefined || error.field === "" ? parent : joined(parent, error.field);
  return new SpanStoreError(error.code, error.message, { field, hint: error.hint });
}

/** The fault for the caller, with the whole path in its message too. */
export function faultAtTop(error: unknown): unknown {
  if (!isSpanStoreError(error) || error.code !== "INVALID_TRACES" || !error.field) return error;
  const { field, hint } = error;
  return new SpanStoreError(error.code, `${field}: ${error.message}`, { field, hint });
}

function joined(parent: string, field: string): string {
  return field.startsWith("[") ? parent + field : `${parent}.${field}`;
}
