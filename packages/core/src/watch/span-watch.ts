import type { WatchedFragment } from "../fragments/watched-fragments.js";
import { spansOf } from "../otlp/groups.js";
import type { SpanView } from "../otlp/span-view.js";
import type { FilterCall } from "../query/filter/language/ast.js";
import { compilePredicate } from "../query/filter/match/matcher.js";
import { resolveFilter } from "../query/filter/resolve/resolve.js";
import { requiredTerms } from "../terms/plan.js";
import { type WatchedTerms, watchedTerms } from "../terms/watched-terms.js";

/** Matches spans against several filters as they are written. */
export interface SpanWatch {
  /** For `WriteOptions.watched`: the result of the write then lists the fragments that may match. */
  readonly terms: WatchedTerms;
  /** Calls `found` with each span of a fragment that matches, once for each filter. */
  readonly match: (fragment: WatchedFragment, found: (filter: number, span: SpanView) => void) => void;
}

/** @throws UNSUPPORTED_FILTER or INVALID_QUERY for an invalid filter. */
export function createSpanWatch(filters: readonly FilterCall[]): SpanWatch {
  const predicates = filters.map((filter) => resolveFilter(filter));
  const tests = predicates.map(compilePredicate);
  return {
    terms: watchedTerms(predicates.map(requiredTerms)),
    match: ({ encoded, filters }, found) => {
      for (const span of spansOf(encoded)) {
        for (const filter of filters) if (tests[filter]?.(span) === true) found(filter, span);
      }
    },
  };
}
