import { isSpanStoreError } from "../../errors/errors.js";
import type { FilterCall } from "../filter/language/ast.js";
import { resolveFilter } from "../filter/resolve/resolve.js";
import { createCursor } from "./cursor.js";
import { errorOfFault, type Range, TraceQlFault } from "./fault.js";
import { lowerCondition, type Places } from "./lower.js";
import { parseSpansetFilter } from "./parser.js";

const yes = { scalar: { value: "true", type: "bool" } } as const;

/** `{}` as a filter: two equal constants, which match every span. */
const everything: FilterCall = { op: "eq", args: [yes, yes] };

/**
 * Parses a filter from a spanset filter of TraceQL, such as
 * `{ resource.service.name = "checkout" && duration > 500ms }`.
 * @param path the name of the text in errors.
 * @returns a filter that `resolveFilter` accepts.
 * @throws INVALID_QUERY for a wrong text, UNSUPPORTED_FILTER for one that a search for spans cannot answer. The error has a
 *   `position`, and its message shows the line with carets under the place.
 */
export function parseTraceQl(text: string, path = "filter"): FilterCall {
  try {
    if (typeof text !== "string")
      throw new TraceQlFault({ from: 0, to: 0 }, "this is no text", "everything is {}");
    const condition = parseSpansetFilter(createCursor(text));
    if (condition === undefined) return everything;
    const places: Places = new Map();
    const filter = lowerCondition(condition, path, places);
    resolve(filter, path, places);
    return filter;
  } catch (error) {
    throw error instanceof TraceQlFault ? errorOfFault(error, String(text), path) : error;
  }
}

/** Resolves the filter, and turns an error into a fault at its place in the text. */
function resolve(filter: FilterCall, path: string, places: Places): void {
  try {
    resolveFilter(filter, path);
  } catch (error) {
    if (!isSpanStoreError(error)) throw error;
    const field = error.field ?? path;
    const message = error.message.startsWith(`${field}: `)
      ? error.message.slice(field.length + 2)
      : error.message;
    throw new TraceQlFault(placeOf(field, path, places), message, error.hint, error.code);
  }
}

/** The place of a part, or of the nearest part around it that has one. */
function placeOf(field: string, path: string, places: Places): Range {
  for (let part = field; part.length > path.length; part = part.replace(/\.\w+\[\d+\]$/, "")) {
    const place = places.get(part);
    if (place !== undefined) return place;
    if (!/\.\w+\[\d+\]$/.test(part)) break;
  }
  return places.get(path) ?? { from: 0, to: 0 };
}
