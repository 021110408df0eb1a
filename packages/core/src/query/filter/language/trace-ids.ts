import type { Predicate } from "./predicate.js";

/** More ids than this are looked for as any other value is. */
const maxIds = 1000;

/**
 * The trace ids that every match must have one of, where the predicate names them; a search for known
 * spans then reads these traces and nothing else.
 */
export function requiredTraceIds(predicate: Predicate): ReadonlySet<string> | undefined {
  switch (predicate.op) {
    case "and": {
      const sets = predicate.args.map(requiredTraceIds).filter((ids) => ids !== undefined);
      // Any one of them is right; the smallest is the least work.
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
