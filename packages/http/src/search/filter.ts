import { type FilterCall, parseTraceQl } from "@spanstore/core";
import type { Parameters } from "../wire/parameters.js";

export const filterParameters = { q: "once" } as const;

/** Reads the TraceQL filter `q`. @throws INVALID_QUERY, UNSUPPORTED_FILTER with the position. */
export function filterOf(parameters: Parameters): FilterCall | undefined {
  const text = parameters.text("q");
  return text === undefined ? undefined : parseTraceQl(text, "q");
}
