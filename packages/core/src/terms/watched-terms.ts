import type { TermSet } from "./term-list.js";
import type { TermNode } from "./term-node.js";

/**
 * What an index must hold for matches of several filters: numbers alone, which cost little to send to a thread with each
 * write. Made by `watchedTerms`.
 */
export type WatchedTerms = Float64Array;

/** Says which of the filters spans with these terms may match; too many at worst, never too few. */
export type TermsTest = (terms: TermSet) => number[];

const isTerm = 0;
const isAll = 1;
const isAny = 2;
const isEverything = 3;

let made = 0;

/** @param nodes of each filter, as `requiredTerms` gives them: undefined where any span may match. */
export function watchedTerms(nodes: readonly (TermNode | undefined)[]): WatchedTerms {
  // The first number tells these terms from others of the process.
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

/** The test of terms; that of the last ones is kept, since each write has the same. */
export function testOf(watched: WatchedTerms): TermsTest {
  const [of = 0] = watched;
  if (lastTest?.of !== of) lastTest = { of, test: compile(readNodes(watched)) };
  return lastTest.test;
}

function compile(nodes: readonly (TermNode | undefined)[]): TermsTest {
  return (terms) => {
    const found: number[] = [];
    for (let i = 0; i < nodes.length; i++) {
      const node = nodes[i];
      if (node === undefined || holds(node, terms)) found.push(i);
    }
    return found;
  };
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
