import type { Term } from "./term.js";

/** A condition on the terms of a fragment: it has a term, or satisfies all or any of several conditions. */
export type TermNode =
  | { readonly term: Term }
  | { readonly all: readonly TermNode[] }
  | { readonly any: readonly TermNode[] };

const impossible: TermNode = { any: [] };

/** Whether no fragment can satisfy the condition. */
export function isImpossible(node: TermNode): boolean {
  return "any" in node && node.any.length === 0;
}

/** Joins conditions; undefined is no condition. */
export function allOf(nodes: readonly (TermNode | undefined)[]): TermNode | undefined {
  const known = nodes.filter((node) => node !== undefined);
  if (known.some(isImpossible)) return impossible;
  if (known.length <= 1) return known[0];
  return { all: known };
}

/** Joins alternatives. If one of them is no condition, the result is none either. */
export function anyOf(nodes: readonly (TermNode | undefined)[]): TermNode | undefined {
  const possible: TermNode[] = [];
  for (const node of nodes) {
    if (node === undefined) return undefined;
    if (!isImpossible(node)) possible.push(node);
  }
  return possible.length === 1 ? possible[0] : { any: possible };
}
