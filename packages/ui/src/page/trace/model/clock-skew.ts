import type { TraceModel } from "./model.js";
import type { Tree } from "./tree.js";

/** A clock skew between two services: a span of one starts before the span of the other that called it. */
export interface ClockSkew {
  readonly parent: string;
  readonly child: string;
  /** The least difference of the clocks, in nanoseconds. */
  readonly nanos: number;
  readonly spans: number;
}

/** The clock skews in a trace, largest first. They change no shown times. */
export function clockSkewsOf(model: TraceModel, tree: Tree): readonly ClockSkew[] {
  const found = new Map<string, ClockSkew>();
  for (let span = 0; span < model.count; span++) {
    const above = tree.parent[span] as number;
    if (above < 0) continue;
    const nanos = (model.start[above] as number) - (model.start[span] as number);
    const parent = serviceOf(model, above);
    const child = serviceOf(model, span);
    if (nanos <= 0 || parent === child) continue;
    const id = JSON.stringify([parent, child]);
    const known = found.get(id);
    found.set(id, {
      parent,
      child,
      nanos: Math.max(nanos, known?.nanos ?? 0),
      spans: (known?.spans ?? 0) + 1,
    });
  }
  return [...found.values()].sort((a, b) => b.nanos - a.nanos);
}

export function serviceOf({ owners, ownerOf }: TraceModel, span: number): string {
  return owners[ownerOf[span] as number]?.service ?? "";
}
