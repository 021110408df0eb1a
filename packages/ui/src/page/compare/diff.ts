import { serviceOf } from "../trace/model/clock-skew.js";
import type { TraceModel } from "../trace/model/model.js";
import type { Tree } from "../trace/model/tree.js";

/** The spans of one trace at a place: their number, and their total time in nanoseconds. */
export interface Amount {
  readonly count: number;
  readonly nanos: number;
}

/** Spans of one name under the same callers, in two traces. */
export interface DiffRow {
  readonly depth: number;
  readonly service: string;
  readonly name: string;
  readonly left: Amount;
  readonly right: Amount;
}

export interface Side {
  readonly model: TraceModel;
  readonly tree: Tree;
}

interface Place {
  readonly service: string;
  readonly name: string;
  readonly amounts: readonly [Counted, Counted];
  readonly below: Map<string, Place>;
}

interface Counted {
  count: number;
  nanos: number;
}

/** Merges two traces into one tree. Spans are the same when they and their callers have the same services and names. */
export function diffOf(left: Side, right: Side): readonly DiffRow[] {
  const top = new Map<string, Place>();
  for (const [side, { model, tree }] of [left, right].entries()) {
    const places = new Map<number, Map<string, Place>>();
    for (const span of tree.order) {
      const service = serviceOf(model, span);
      const name = model.names[span] as string;
      const id = JSON.stringify([service, name]);
      const siblings = places.get(tree.parent[span] as number) ?? top;
      let place = siblings.get(id);
      if (place === undefined) {
        const none = (): Counted => ({ count: 0, nanos: 0 });
        place = { service, name, amounts: [none(), none()], below: new Map() };
        siblings.set(id, place);
      }
      const amount = place.amounts[side as 0 | 1];
      amount.count++;
      amount.nanos += (model.end[span] as number) - (model.start[span] as number);
      places.set(span, place.below);
    }
  }
  return rowsOf(top);
}

function rowsOf(top: ReadonlyMap<string, Place>): readonly DiffRow[] {
  const rows: DiffRow[] = [];
  const waiting = [...top.values()].reverse().map((place) => ({ place, depth: 0 }));
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { place, depth } = next;
    const { service, name, amounts, below } = place;
    rows.push({ depth, service, name, left: amounts[0], right: amounts[1] });
    for (const inner of [...below.values()].reverse()) waiting.push({ place: inner, depth: depth + 1 });
  }
  return rows;
}
