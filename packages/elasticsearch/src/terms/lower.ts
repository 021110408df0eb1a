import type { CandidateSearch, TermNode } from "@spanstore/core/engine";
import { wordOf } from "./terms.js";
import { micros } from "./times.js";

/** A clause of the query DSL. */
export type Query = Readonly<Record<string, unknown>>;

/** The values that Elasticsearch accepts in one clause (index.max_terms_count). */
const maxTerms = 65_536;

/** Clauses that hold for every fragment with a matching span, for a `filter`. */
export function filterOf(
  {
    startTimeMinUnixNano,
    startTimeMaxUnixNano,
  }: Pick<CandidateSearch, "startTimeMinUnixNano" | "startTimeMaxUnixNano">,
  terms: TermNode | undefined,
): Query[] {
  return [
    { range: { newest: { gte: micros(startTimeMinUnixNano) } } },
    { range: { oldest: { lte: micros(startTimeMaxUnixNano) } } },
    ...(terms === undefined ? [] : conjuncts(terms)),
  ];
}

/** The clauses of a conjunction. */
export function conjuncts(node: TermNode): Query[] {
  if ("all" in node) return node.all.flatMap(conjuncts);
  return [clauseOf(node)];
}

function clauseOf(node: TermNode): Query {
  if ("term" in node) return { term: { terms: wordOf(node.term) } };
  if ("all" in node) return { bool: { filter: conjuncts(node) } };
  const words: string[] = [];
  const clauses: Query[] = [];
  for (const each of alternatives(node)) {
    if ("term" in each) words.push(wordOf(each.term));
    else clauses.push(clauseOf(each));
  }
  // One clause for any number of words, so that a long list stays below the limit of clauses.
  for (let at = 0; at < words.length; at += maxTerms) {
    clauses.unshift({ terms: { terms: words.slice(at, at + maxTerms) } });
  }
  return clauses.length === 1
    ? (clauses[0] as Query)
    : { bool: { should: clauses, minimum_should_match: 1 } };
}

function alternatives(node: TermNode): TermNode[] {
  return "any" in node ? node.any.flatMap(alternatives) : [node];
}
