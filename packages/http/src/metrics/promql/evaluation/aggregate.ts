import { grouped, type Labels, signatureOf } from "../labels.js";
import type { Aggregation } from "../syntax/ast.js";
import type { Scalar, Series, Vector } from "./values.js";

type Points = Series["points"];

/** Aggregates the values of a group at one step, of which there is at least one. */
const combine: Readonly<Record<string, (values: readonly number[]) => number>> = {
  sum: (values) => values.reduce((a, b) => a + b, 0),
  avg: (values) => values.reduce((a, b) => a + b, 0) / values.length,
  min: (values) => values.reduce((a, b) => (b < a || Number.isNaN(a) ? b : a)),
  max: (values) => values.reduce((a, b) => (b > a || Number.isNaN(a) ? b : a)),
  count: (values) => values.length,
  group: () => 1,
};

/** @param parameter the number of series that `topk` and `bottomk` keep */
export function aggregate(
  { name, grouping }: Pick<Aggregation, "name" | "grouping">,
  { series }: Vector,
  parameter: Scalar | undefined,
): Vector {
  const groups = new Map<string, { labels: Labels; members: Series[] }>();
  for (const each of series) {
    const labels = grouped(each.labels, grouping);
    const key = signatureOf(labels);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { labels, members: [each] });
    else group.members.push(each);
  }
  const of = combine[name];
  const made = [...groups.values()].flatMap(({ labels, members }) =>
    of === undefined
      ? outermost(members, parameter?.points ?? [], name === "topk" ? 1 : -1)
      : [{ labels, points: combined(members, of) }],
  );
  return { type: "vector", series: made };
}

function combined(members: readonly Series[], of: (values: readonly number[]) => number): Points {
  const steps = members[0]?.points.length ?? 0;
  return Array.from({ length: steps }, (_, i) => {
    const values: number[] = [];
    for (const { points } of members) {
      const value = points[i];
      if (value !== undefined) values.push(value);
    }
    return values.length === 0 ? undefined : of(values);
  });
}

/** The series with the largest or the smallest values at each step; for a single step, in the order of the values. */
function outermost(members: readonly Series[], counts: readonly number[], direction: 1 | -1): Series[] {
  const chosen = new Map<Series, (number | undefined)[]>();
  for (const [i, count] of counts.entries()) {
    const there = members.filter(({ points }) => points[i] !== undefined);
    there.sort((a, b) => direction * compareValues(b.points[i] as number, a.points[i] as number, direction));
    for (const each of there.slice(0, Math.max(0, Math.trunc(count) || 0))) {
      const points = chosen.get(each) ?? new Array<number | undefined>(counts.length).fill(undefined);
      points[i] = each.points[i];
      chosen.set(each, points);
    }
  }
  return [...chosen].map(([{ labels }, points]) => ({ labels, points }));
}

/** NaN comes last in both directions. */
function compareValues(a: number, b: number, direction: 1 | -1): number {
  if (Number.isNaN(a) || Number.isNaN(b))
    return direction * (Number(Number.isNaN(b)) - Number(Number.isNaN(a)));
  return a < b ? -1 : a > b ? 1 : 0;
}
