import type { TraceModel } from "./model.js";
import type { Tree } from "./tree.js";

/** A part of the critical path, in which the trace waited for this span itself and not for its children. */
export interface Segment {
  readonly span: number;
  readonly from: number;
  readonly to: number;
}

/**
 * The critical path of a trace, from its first root. Going back from the end of a span, the span waited for the child that
 * ended last before. A child that runs on after its parent counts until the parent's end.
 * @returns the segments of each span.
 */
export function criticalPathOf(model: TraceModel, tree: Tree): ReadonlyMap<number, readonly Segment[]> {
  const path = new Map<number, Segment[]>();
  const add = (span: number, from: number, to: number): void => {
    if (to <= from) return;
    const segments = path.get(span);
    if (segments === undefined) path.set(span, [{ span, from, to }]);
    else segments.push({ span, from, to });
  };
  const root = longestRoot(model, tree);
  if (root === undefined) return path;
  const waiting: { readonly span: number; readonly from: number; readonly until: number }[] = [
    { span: root, from: model.start[root] as number, until: model.end[root] as number },
  ];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { span, from: begin } = next;
    let { until } = next;
    const byEnd = (tree.children[span] ?? []).toSorted(
      (a, b) => (model.end[b] as number) - (model.end[a] as number),
    );
    for (const child of byEnd) {
      const from = Math.max(begin, model.start[child] as number);
      const to = Math.min(until, model.end[child] as number);
      // The parent was already waiting for another child.
      if (from >= until || to <= from) continue;
      if ((model.end[child] as number) > until && until !== next.until) continue;
      add(span, to, until);
      waiting.push({ span: child, from, until: to });
      until = from;
    }
    add(span, begin, until);
  }
  return path;
}

function longestRoot({ start, end }: TraceModel, { order, parent }: Tree): number | undefined {
  let best: number | undefined;
  const length = (span: number): number => (end[span] as number) - (start[span] as number);
  for (const span of order) {
    if (parent[span] !== -1) continue;
    if (best === undefined || length(span) > length(best)) best = span;
  }
  return best;
}
