import type { TraceModel } from "./model.js";

/** The tree of a trace's spans. */
export interface Tree {
  /** The parent of each span; -1 when it is absent. */
  readonly parent: Int32Array;
  readonly children: readonly (readonly number[])[];
  readonly depth: Uint32Array;
  /** The spans in the order of rows: parents above their children, and children by their start. */
  readonly order: Uint32Array;
  /** The number of rows of each row's subtree, itself included. */
  readonly size: Uint32Array;
  /** The number of spans whose parent is absent. */
  readonly orphans: number;
}

const noChildren: readonly number[] = [];

/** Builds the tree. Spans with the same id, an absent parent or a cycle of ancestors have a place too. */
export function treeOf({ count, ids, parentIds, start, end }: TraceModel): Tree {
  const byId = new Map<string, number>();
  for (let span = count - 1; span >= 0; span--) byId.set(ids[span] as string, span);
  const sorted = Array.from({ length: count }, (_, span) => span).sort(
    (a, b) => (start[a] as number) - (start[b] as number) || (end[b] as number) - (end[a] as number) || a - b,
  );
  const parent = new Int32Array(count).fill(-1);
  const children: (number[] | undefined)[] = new Array(count);
  const roots: number[] = [];
  let orphans = 0;
  for (const span of sorted) {
    const parentId = parentIds[span] as string;
    const found = parentId === "" ? undefined : byId.get(parentId);
    if (found === undefined || found === span) {
      if (parentId !== "" && found === undefined) orphans++;
      roots.push(span);
      continue;
    }
    parent[span] = found;
    const siblings = children[found];
    if (siblings === undefined) children[found] = [span];
    else siblings.push(span);
  }
  const order = new Uint32Array(count);
  const size = new Uint32Array(count);
  const depth = new Uint32Array(count);
  const rowOf = new Int32Array(count).fill(-1);
  let row = 0;
  const place = (root: number): void => {
    const stack = [root];
    while (stack.length > 0) {
      const span = stack.pop() as number;
      if (rowOf[span] !== -1) continue;
      const above = span === root ? -1 : (parent[span] as number);
      depth[span] = above < 0 ? 0 : (depth[above] as number) + 1;
      rowOf[span] = row;
      order[row++] = span;
      const below = children[span] ?? noChildren;
      for (let i = below.length - 1; i >= 0; i--) stack.push(below[i] as number);
    }
  };
  for (const root of roots) place(root);
  // The remaining spans are in cycles, which are cut at their first span.
  for (const span of sorted) {
    if (rowOf[span] !== -1) continue;
    const above = parent[span] as number;
    children[above] = (children[above] ?? []).filter((child) => child !== span);
    parent[span] = -1;
    place(span);
  }
  for (let at = count - 1; at >= 0; at--) {
    size[at] = (size[at] as number) + 1;
    const above = parent[order[at] as number] as number;
    if (above >= 0) {
      const aboveRow = rowOf[above] as number;
      size[aboveRow] = (size[aboveRow] as number) + (size[at] as number);
    }
  }
  return {
    parent,
    children: Array.from(children, (list) => list ?? noChildren),
    depth,
    order,
    size,
    orphans,
  };
}

/** The visible rows when the subtrees of some spans are collapsed. */
export function visibleRows(tree: Tree, collapsed: ReadonlySet<number>): readonly number[] {
  const rows: number[] = [];
  for (let row = 0; row < tree.order.length; ) {
    rows.push(row);
    const isClosed = collapsed.has(tree.order[row] as number);
    row += isClosed ? (tree.size[row] as number) : 1;
  }
  return rows;
}
