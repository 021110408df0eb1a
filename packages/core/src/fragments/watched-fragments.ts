import { testOf, type WatchedTerms } from "../terms/watched-terms.js";
import type { Split } from "./split.js";

/** A fragment of a request, and the filters that its spans may match. */
export interface WatchedFragment {
  /** An encoded OTLP TracesData. */
  readonly encoded: Uint8Array;
  /** Indices of the filters, ascending. */
  readonly filters: readonly number[];
}

/** The fragments of a request that may match one of the filters, with copies of their bytes. */
export function watchedFragments(
  { fragments }: Pick<Split, "fragments">,
  watched: WatchedTerms | undefined,
): WatchedFragment[] {
  if (watched === undefined) return [];
  const test = testOf(watched);
  const found: WatchedFragment[] = [];
  for (const { encoded, terms } of fragments) {
    const filters = test(terms);
    if (filters.length > 0) found.push({ encoded: new Uint8Array(encoded), filters });
  }
  return found;
}
