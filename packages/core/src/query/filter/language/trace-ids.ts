import type { Predicate } from "./predicate.js";

/** More ids than this are searched like any other value. */
const maxIds = 1000;

/**
 * The trace ids of all possible matches, when the predicate names them; undefined otherwise. A search for known spans then
 * reads only these traces.
 */
export function requiredTraceIds(predicate: Predicate): ReadonlySet<string> | undefined {
  switch (predicate.op) {
    case "and": {
      const sets = predicate.args.map(requiredTraceIds).filter((ids) => ids !== undefined);
      // Each set is correct; the smallest is the least work.
      return sets.reduce<ReadonlySet<string> | undefined>(
        (best, ids) => (best === undefined || ids.size < best.size ? ids : best),
        undefined,
      );
    }
    case "or": {
      const all = new Set<string>();
      for (const arg of predicate.args) {
        const ids = requiredTraceIds(arg);
        if (ids === undefined) return undefined;
        for (const id of ids) all.add(id);
      }
      return all.size <= maxIds ? all : undefined;
    }
    case "eq":
    case "in": {
      const { ref } = predicate;
      if (ref.ref !== "field" || ref.level !== "span" || ref.name !== "traceID") return undefined;
      const values = "values" in predicate ? predicate.values : [predicate.value];
      const ids = new Set<string>();
      for (const value of values) {
        if (!("text" in value)) return undefined;
        ids.add(value.text);
      }
      return ids.size <= maxIds ? ids : undefined;
    }
    default:
      return undefined;
  }
}
