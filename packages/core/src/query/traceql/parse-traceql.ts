import { isSpanStoreError } from "../../errors/errors.js";
import type { FilterCall } from "../filter/language/ast.js";
import { resolveFilter } from "../filter/resolve/resolve.js";
import { createCursor } from "./cursor.js";
import { errorOfFault, type Range, TraceQlFault } from "./fault.js";
import { lowerCondition, type Places } from "./lower.js";
import { parseSpansetFilter } from "./parser.js";

const yes = { scalar: { value: "true", type: "bool" } } as const;

/** `{}`: two equal constants, which every span agrees with. */
const everything: FilterCall = { op: "eq", args: [yes, yes] };

/**
 * Reads a filter from its text: the spanset filter of TraceQL, such as
 * `{ resource.service.name = "checkout" && duration > 500ms }`.
 * @param path how errors name the text.
 * @returns a filter that `resolveFilter` accepts.
 * @throws INVALID_QUERY for a text that is wrong, UNSUPPORTED_FILTER for one that asks what a search for spans
 *   cannot answer; with `position`, and the line with a caret under the place in the message.
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

/** Holds the filter to its rules, and finds the place in the text that breaks one. */
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

/** The part itself, or the nearest one around it that has a place. */
function placeOf(field: string, path: string, places: Places): Range {
  for (let part = field; part.length > path.length; part = part.replace(/\.\w+\[\d+\]$/, "")) {
    const place = places.get(part);
    if (place !== undefined) return place;
    if (!/\.\w+\[\d+\]$/.test(part)) break;
  }
  return places.get(path) ?? { from: 0, to: 0 };
}
