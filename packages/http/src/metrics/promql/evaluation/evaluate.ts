import { signatureOf, withoutLabel } from "../labels.js";
import type { Aggregation, Expression, FunctionCall, Selector } from "../syntax/ast.js";
import { refusal } from "../syntax/refusal.js";
import { aggregate } from "./aggregate.js";
import { operate } from "./binary.js";
import type { Evaluation } from "./context.js";
import { countedOut, leavesBuckets, mergeBuckets, quantilesOf } from "./histograms.js";
import { type Reading, select } from "./select.js";
import type { Buckets, Scalar, Series, Text, Value, Vector } from "./values.js";

/** The value of an expression at each step. @throws INVALID_QUERY; HttpError 422 when it has too many values. */
export async function evaluate(
  expression: Expression,
  evaluation: Evaluation,
): Promise<Scalar | Vector | Text> {
  const value = await evaluated(expression, undefined, evaluation);
  return value.type === "buckets" ? countedOut(value, evaluation) : value;
}

/** @param needed the labels that the answer needs; undefined: all. Series that differ in other labels may be summed. */
async function evaluated(
  expression: Expression,
  needed: readonly string[] | undefined,
  evaluation: Evaluation,
): Promise<Value> {
  switch (expression.kind) {
    case "number":
      return constant(expression.value, evaluation);
    case "text":
      return { type: "text", value: expression.value };
    case "selector":
      return select(expression, "counter", needed, evaluation);
    case "call":
      return call(expression, needed, evaluation);
    case "aggregation":
      return aggregation(expression, evaluation);
    case "negation": {
      const arg = await plain(expression.arg, evaluation);
      return arg.type === "scalar"
        ? { type: "scalar", points: arg.points.map((value) => -value) }
        : mapped(arg, (value) => -value);
    }
    case "binary": {
      const left = await plain(expression.left, evaluation);
      const right = await plain(expression.right, evaluation);
      return operate(expression, left, right);
    }
  }
}

function constant(value: number, { times }: Evaluation): Scalar {
  return { type: "scalar", points: times.map(() => value) };
}

/** The value with its buckets expanded to series. The parser refuses a text in these places. */
async function plain(expression: Expression, evaluation: Evaluation): Promise<Scalar | Vector> {
  const value = await evaluate(expression, evaluation);
  if (value.type !== "text") return value;
  throw refusal(expression.at, "a text is not expected here");
}

async function vectorOf(expression: Expression, evaluation: Evaluation): Promise<Vector> {
  const value = await plain(expression, evaluation);
  if (value.type === "vector") return value;
  throw refusal(expression.at, "a number is not expected here");
}

async function scalarOf(expression: Expression, evaluation: Evaluation): Promise<Scalar> {
  const value = await plain(expression, evaluation);
  if (value.type === "scalar") return value;
  throw refusal(expression.at, "a vector is not expected here");
}

function mapped({ series }: Vector, of: (value: number, step: number) => number): Vector {
  return {
    type: "vector",
    series: series.map(({ labels, points }) => ({
      labels: withoutLabel(labels, "__name__"),
      points: points.map((value, i) => (value === undefined ? undefined : of(value, i))),
    })),
  };
}

const ofOneNumber: Readonly<Record<string, (value: number) => number>> = {
  abs: Math.abs,
  ceil: Math.ceil,
  floor: Math.floor,
  round: (value) => Math.floor(value + 0.5),
  sqrt: Math.sqrt,
};

const ofTwoNumbers: Readonly<Record<string, (value: number, bound: number) => number>> = {
  clamp_min: Math.max,
  clamp_max: Math.min,
};

const readings: ReadonlySet<string> = new Set<Reading>(["rate", "increase", "irate"]);

async function call(
  { name, args, at }: FunctionCall,
  needed: readonly string[] | undefined,
  evaluation: Evaluation,
): Promise<Value> {
  const [first, second] = args as [Expression, Expression];
  if (readings.has(name)) {
    const value = await select(first as Selector, name as Reading, needed, evaluation);
    const unique = new Set(value.series.map(({ labels }) => signatureOf(labels)));
    if (unique.size === value.series.length) return value;
    throw refusal(at, "series of several metrics have the same labels", "name one metric");
  }
  const one = ofOneNumber[name];
  if (one !== undefined) return mapped(await vectorOf(first, evaluation), one);
  const two = ofTwoNumbers[name];
  if (two !== undefined) {
    const bounds = await scalarOf(second, evaluation);
    return mapped(await vectorOf(first, evaluation), (value, i) => two(value, bounds.points[i] as number));
  }
  switch (name) {
    case "histogram_quantile":
      return quantile(first, second, evaluation);
    case "vector":
      return {
        type: "vector",
        series: [{ labels: {}, points: (await scalarOf(first, evaluation)).points }],
      };
    case "scalar":
      return onlyValues(await vectorOf(first, evaluation), evaluation);
    case "time":
      return { type: "scalar", points: evaluation.times.map((time) => time / 1000) };
    case "sort":
    case "sort_desc":
      return sorted(await vectorOf(first, evaluation), name === "sort" ? 1 : -1);
    default:
      throw refusal(at, `function ${name} is not evaluated here`);
  }
}

async function quantile(parameter: Expression, arg: Expression, evaluation: Evaluation): Promise<Vector> {
  const { points } = await scalarOf(parameter, evaluation);
  const [at = Number.NaN] = points;
  if (!points.every((value) => Object.is(value, at))) {
    throw refusal(parameter.at, "the quantile is one for all steps", "such as 0.95");
  }
  const value = await evaluated(arg, undefined, evaluation);
  if (value.type === "buckets") return quantilesOf(value, at, evaluation);
  if (value.type === "vector" && value.series.length === 0) return value;
  throw refusal(
    arg.at,
    "histogram_quantile takes buckets",
    "such as sum by (service_name, le) (rate(traces_span_metrics_duration_milliseconds_bucket[5m])), without a matcher of le",
  );
}

/** PromQL's `scalar`: the value of the only element at each step; NaN for none or several. */
function onlyValues({ series }: Vector, { times }: Evaluation): Scalar {
  const points = times.map((_, i) => {
    const [only, ...others] = series.flatMap(({ points }) => points[i] ?? []);
    return only === undefined || others.length > 0 ? Number.NaN : only;
  });
  return { type: "scalar", points };
}

/** Sorts by the value at the first step; NaN comes last. */
function sorted({ series }: Vector, direction: 1 | -1): Vector {
  const value = ({ points }: Series): number => points[0] ?? Number.NaN;
  const order = (a: Series, b: Series): number => {
    const [x, y] = [value(a), value(b)];
    if (Number.isNaN(x) || Number.isNaN(y)) return Number(Number.isNaN(x)) - Number(Number.isNaN(y));
    return direction * (x - y);
  };
  return { type: "vector", series: [...series].sort(order) };
}

async function aggregation(expression: Aggregation, evaluation: Evaluation): Promise<Vector | Buckets> {
  const { name, grouping, parameter, arg } = expression;
  // Other aggregations need each series by itself.
  const needed = name === "sum" && grouping.keep ? grouping.labels : undefined;
  const value = await evaluated(arg, needed, evaluation);
  if (value.type === "buckets" && name === "sum" && leavesBuckets(grouping))
    return mergeBuckets(value, grouping);
  if (value.type !== "buckets" && value.type !== "vector") {
    throw refusal(arg.at, `${name} takes a vector`);
  }
  const count = parameter && (await scalarOf(parameter, evaluation));
  return aggregate(expression, await countedOut(value, evaluation), count);
}
