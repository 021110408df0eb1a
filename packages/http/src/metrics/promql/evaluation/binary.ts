import { grouped, type Labels, signatureOf, withoutLabel } from "../labels.js";
import { comparisons, setOperators } from "../syntax/allowed.js";
import type { BinaryExpression, Grouping } from "../syntax/ast.js";
import { refusal } from "../syntax/refusal.js";
import type { Scalar, Series, Vector } from "./values.js";

type Operate = (a: number, b: number) => number;

const arithmetic: Readonly<Record<string, Operate>> = {
  "+": (a, b) => a + b,
  "-": (a, b) => a - b,
  "*": (a, b) => a * b,
  "/": (a, b) => a / b,
  "%": (a, b) => a % b,
  "^": (a, b) => a ** b,
};

const holds: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  "==": (a, b) => a === b,
  "!=": (a, b) => a !== b,
  "<": (a, b) => a < b,
  "<=": (a, b) => a <= b,
  ">": (a, b) => a > b,
  ">=": (a, b) => a >= b,
};

type Operation = Pick<BinaryExpression, "operator" | "bool" | "matching" | "at">;

/** Calculates one step; a comparison gives `kept` when it holds, undefined when it does not. */
function operationOf({
  operator,
  bool,
}: Operation): (a: number, b: number, kept: number) => number | undefined {
  const calculate = arithmetic[operator];
  if (calculate !== undefined) return calculate;
  const test = holds[operator] as (a: number, b: number) => boolean;
  if (bool) return (a, b) => Number(test(a, b));
  return (a, b, kept) => (test(a, b) ? kept : undefined);
}

/** @throws INVALID_QUERY where an element has several partners. */
export function operate(
  operation: Operation,
  left: Scalar | Vector,
  right: Scalar | Vector,
): Scalar | Vector {
  const of = operationOf(operation);
  const { operator, bool } = operation;
  const keepsName = comparisons.has(operator) && !bool;
  if (left.type === "scalar" && right.type === "scalar") {
    const points = left.points.map((a, i) => of(a, right.points[i] as number, a) as number);
    return { type: "scalar", points };
  }
  if (left.type === "scalar" || right.type === "scalar") {
    const vector = (left.type === "vector" ? left : right) as Vector;
    const number = (left.type === "scalar" ? left : right) as Scalar;
    const series = vector.series.map(({ labels, points }) => ({
      labels: keepsName ? labels : withoutLabel(labels, "__name__"),
      points: points.map((value, i) => {
        if (value === undefined) return undefined;
        const other = number.points[i] as number;
        return left.type === "scalar" ? of(other, value, value) : of(value, other, value);
      }),
    }));
    return { type: "vector", series: present(series) };
  }
  if (setOperators.has(operator)) return combineSets(operation, left, right);
  const sides = [left, right].map((side) => partners(side, operation));
  const [lefts, rights] = sides as [ReturnType<typeof partners>, ReturnType<typeof partners>];
  const series = [...lefts].flatMap(([key, { labels, points }]): Series[] => {
    const other = rights.get(key);
    if (other === undefined) return [];
    const both = points.map((a, i) => {
      const b = other.points[i];
      return a === undefined || b === undefined ? undefined : of(a, b, a);
    });
    const name = keepsName && !operation.matching.keep ? nameOf(labels) : {};
    return [{ labels: { ...name, ...grouped(labels, operation.matching) }, points: both }];
  });
  return { type: "vector", series: present(series) };
}

function nameOf({ __name__ }: Labels): Labels {
  return __name__ === undefined ? {} : { __name__ };
}

function present(series: readonly Series[]): Series[] {
  return series.filter(({ points }) => points.some((value) => value !== undefined));
}

function keyOf(labels: Labels, matching: Grouping): string {
  return signatureOf(grouped(labels, matching));
}

/** The elements of one side, by the labels that the operation matches. */
function partners({ series }: Vector, { matching, at }: Operation): Map<string, Series> {
  const found = new Map<string, Series>();
  for (const each of series) {
    const key = keyOf(each.labels, matching);
    const known = found.get(key);
    found.set(key, known === undefined ? each : { labels: known.labels, points: either(known, each) });
  }
  return found;

  function either(a: Series, b: Series): Series["points"] {
    return a.points.map((value, i) => {
      const other = b.points[i];
      if (value !== undefined && other !== undefined) {
        const text = JSON.stringify(grouped(a.labels, matching));
        throw refusal(at, `several elements of one side have the labels ${text}`, "add labels to on(...)");
      }
      return value ?? other;
    });
  }
}

function combineSets({ operator, matching }: Operation, left: Vector, right: Vector): Vector {
  const presence = (side: Vector): ((labels: Labels, step: number) => boolean) => {
    const found = new Map<string, Series["points"][]>();
    for (const { labels, points } of side.series) {
      const key = keyOf(labels, matching);
      found.set(key, [...(found.get(key) ?? []), points]);
    }
    return (labels, step) =>
      (found.get(keyOf(labels, matching)) ?? []).some((points) => points[step] !== undefined);
  };
  const only = (side: Vector, other: Vector, wanted: boolean): Series[] => {
    const isThere = presence(other);
    return side.series.map(({ labels, points }) => ({
      labels,
      points: points.map((value, i) => (isThere(labels, i) === wanted ? value : undefined)),
    }));
  };
  if (operator !== "or") return { type: "vector", series: present(only(left, right, operator === "and")) };
  return { type: "vector", series: joined([...left.series, ...present(only(right, left, false))]) };
}

/** Joins series with the same labels that have values at different steps. */
function joined(series: readonly Series[]): Series[] {
  const found = new Map<string, Series>();
  for (const each of series) {
    const key = signatureOf(each.labels);
    const known = found.get(key);
    const points = known?.points.map((value, i) => value ?? each.points[i]) ?? each.points;
    found.set(key, { labels: each.labels, points });
  }
  return [...found.values()];
}
