import type { SpanSearch } from "../../wire/requests.js";
import type { SpanQuery } from "../span-truth.js";
import type { DataSet } from "../trace.js";
import {
  both,
  type Criterion,
  manyRows,
  negated,
  ofRareExperiment,
  ofService,
  ofTenant,
} from "./criteria.js";
import { type Query, searchWindow } from "./queries.js";

/** A walk goes through this many pages, or to its end. */
export const pagesOfWalk = 100;

/** Searches of one kind, each of them walked through page by page. */
export type Walk = { readonly name: string; readonly pageSize: number } & (
  | { readonly gives: "traceIds" | "summaries"; readonly queries: readonly Query[] }
  | { readonly gives: "spans"; readonly queries: readonly SpanQuery[] }
);

const services = [0, 1, 2, 3];

/** The walks that are measured. */
export function walksOf(set: DataSet): readonly Walk[] {
  const window = searchWindow(set);
  const traces = (criteria: readonly Criterion[], pageSize: number): Query[] =>
    criteria.map(({ filter, matches }) => ({
      // One more than a whole walk gives: whether there is more must be known, too.
      search: { filter, ...window, limit: pagesOfWalk * pageSize + 1 },
      matches,
    }));
  const spans = (criteria: readonly Criterion[], orderBy: SpanSearch["orderBy"] = []): SpanQuery[] =>
    criteria.map(({ filter, matches }) => ({ search: { filter, ...window, orderBy }, matches }));
  const ofServices = services.map(ofService);
  const mixed = services.map((n) => both(manyRows, negated(ofTenant(n))));
  return [
    { name: "trace ids of a service", gives: "traceIds", pageSize: 20, queries: traces(ofServices, 20) },
    { name: "trace ids, range and negation", gives: "traceIds", pageSize: 20, queries: traces(mixed, 20) },
    { name: "summaries of a service", gives: "summaries", pageSize: 20, queries: traces(ofServices, 20) },
    { name: "spans of a service", gives: "spans", pageSize: 100, queries: spans(ofServices) },
    {
      name: "spans with a rare value, longest first",
      gives: "spans",
      pageSize: 1,
      queries: spans(services.map(ofRareExperiment), [{ field: "duration", direction: "desc" }]),
    },
  ];
}
