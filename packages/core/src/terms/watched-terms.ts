import type { Term } from "./term.js";
import type { TermSet } from "./term-list.js";
import type { TermNode } from "./term-node.js";

/**
 * The required terms of several filters, encoded as numbers, which are cheap to send to a thread with each write. Made by
 * `watchedTerms`.
 */
export type WatchedTerms = Float64Array;

/** The indices of the filters that spans with these terms may match; perhaps too many, never too few. */
export type TermsTest = (terms: TermSet) => number[];

const isTerm = 0;
const isAll = 1;
const isAny = 2;
const isEverything = 3;

let made = 0;

/** @param nodes the condition of each filter, from `requiredTerms`; undefined where any span may match. */
export function watchedTerms(nodes: readonly (TermNode | undefined)[]): WatchedTerms {
  // The first number identifies these terms within the process.
  const numbers = [++made, nodes.length];
  const write = (node: TermNode | undefined): void => {
    if (node === undefined) numbers.push(isEverything);
    else if ("term" in node) numbers.push(isTerm, node.term);
    else {
      const parts = "all" in node ? node.all : node.any;
      numbers.push("all" in node ? isAll : isAny, parts.length);
      for (const part of parts) write(part);
    }
  };
  for (const node of nodes) write(node);
  return Float64Array.from(numbers);
}

let lastTest: { readonly of: number; readonly test: TermsTest } | undefined;

/** The test for these terms. Caches the last test, since most writes have the same terms. */
export function testOf(watched: WatchedTerms): TermsTest {
  const [of = 0] = watched;
  if (lastTest?.of !== of) lastTest = { of, test: compile(readNodes(watched)) };
  return lastTest.test;
}

function compile(nodes: readonly (TermNode | undefined)[]): TermsTest {
  const always: number[] = [];
  /** A match of a filter has at least one of its terms here; `filters` has the filter of each term. */
  const terms: number[] = [];
  const filters: number[] = [];
  for (const [filter, node] of nodes.entries()) {
    if (node === undefined) always.push(filter);
    else {
      for (const term of fewestOf(node)) {
        terms.push(term);
        filters.push(filter);
      }
    }
  }
  const wanted = Float64Array.from(terms);
  return (set) => {
    let found: number[] | undefined;
    for (let i = set.nextOf(wanted, 0); i < wanted.length; i = set.nextOf(wanted, i + 1)) {
      const filter = filters[i] as number;
      if (found?.at(-1) === filter || !holds(nodes[filter] as TermNode, set)) continue;
      found ??= [];
      found.push(filter);
    }
    if (always.length === 0) return found ?? [];
    return [...(found ?? []), ...always].sort((a, b) => a - b);
  };
}

/** A smallest set of terms of which every match has at least one: most fragments have none, and need no other check. */
function fewestOf(node: TermNode): readonly Term[] {
  if ("term" in node) return [node.term];
  if ("any" in node) return node.any.flatMap(fewestOf);
  const [first = [], ...others] = node.all.map(fewestOf);
  return others.reduce((fewest, each) => (each.length < fewest.length ? each : fewest), first);
}

function holds(node: TermNode, terms: TermSet): boolean {
  if ("term" in node) return terms.has(node.term);
  if ("all" in node) {
    for (const part of node.all) if (!holds(part, terms)) return false;
    return true;
  }
  for (const part of node.any) if (holds(part, terms)) return true;
  return false;
}

function readNodes(watched: WatchedTerms): (TermNode | undefined)[] {
  let at = 2;
  const next = (): number => watched[at++] as number;
  const read = (): TermNode | undefined => {
    const kind = next();
    if (kind === isEverything) return undefined;
    if (kind === isTerm) return { term: next() };
    const parts = Array.from({ length: next() }, () => read() as TermNode);
    return kind === isAll ? { all: parts } : { any: parts };
  };
  return Array.from({ length: watched[1] as number }, read);
}
