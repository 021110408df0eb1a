import { SpanStoreError } from "../../../errors/errors.js";

/** The error for a part of a filter that is wrong. @param path the part, such as `filter.args[1]`. */
export function invalidFilter(path: string, message: string, hint?: string): SpanStoreError {
  return new SpanStoreError("INVALID_QUERY", `${path}: ${message}`, { field: path, hint });
}

/** The error for a part of a filter that is well formed and has no exact answer. */
export function unsupportedFilter(path: string, message: string, hint?: string): SpanStoreError {
  return new SpanStoreError("UNSUPPORTED_FILTER", `${path}: ${message}`, { field: path, hint });
}

/** Calls nest no deeper than this, the filter itself being the first. */
const maxFilterDepth = 20;

/** @throws INVALID_QUERY when a call lies deeper than the bound. */
export function checkDepth(depth: number, path: string): void {
  if (depth > maxFilterDepth)
    throw invalidFilter(path, `a filter nests calls at most ${maxFilterDepth} deep`);
}
