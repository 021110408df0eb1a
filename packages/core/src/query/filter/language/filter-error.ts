import { SpanStoreError } from "../../../errors/errors.js";

/** The error for a wrong part of a filter. @param path the part, such as `filter.args[1]`. */
export function invalidFilter(path: string, message: string, hint?: string): SpanStoreError {
  return new SpanStoreError("INVALID_QUERY", `${path}: ${message}`, { field: path, hint });
}

/** The error for a well-formed part of a filter that has no exact answer. */
export function unsupportedFilter(path: string, message: string, hint?: string): SpanStoreError {
  return new SpanStoreError("UNSUPPORTED_FILTER", `${path}: ${message}`, { field: path, hint });
}

/** The most levels of calls, the filter itself included. */
const maxFilterDepth = 20;

/** @throws INVALID_QUERY when a call nests deeper than the limit. */
export function checkDepth(depth: number, path: string): void {
  if (depth > maxFilterDepth)
    throw invalidFilter(path, `a filter nests calls at most ${maxFilterDepth} deep`);
}
