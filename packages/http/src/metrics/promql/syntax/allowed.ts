import type { ExpressionType } from "./ast.js";

interface Signature {
  readonly args: readonly ExpressionType[];
  readonly result: ExpressionType;
}

const ofVector: Signature = { args: ["vector"], result: "vector" };
const ofRange: Signature = { args: ["range"], result: "vector" };

/** The functions that are evaluated here. */
export const functions: Readonly<Record<string, Signature>> = {
  rate: ofRange,
  increase: ofRange,
  irate: ofRange,
  histogram_quantile: { args: ["scalar", "vector"], result: "vector" },
  vector: { args: ["scalar"], result: "vector" },
  scalar: { args: ["vector"], result: "scalar" },
  time: { args: [], result: "scalar" },
  abs: ofVector,
  ceil: ofVector,
  floor: ofVector,
  round: ofVector,
  sqrt: ofVector,
  clamp_min: { args: ["vector", "scalar"], result: "vector" },
  clamp_max: { args: ["vector", "scalar"], result: "vector" },
  sort: ofVector,
  sort_desc: ofVector,
};

/** The aggregations, and whether each takes a number first. */
export const aggregations: Readonly<Record<string, { readonly takesNumber: boolean }>> = {
  sum: { takesNumber: false },
  avg: { takesNumber: false },
  min: { takesNumber: false },
  max: { takesNumber: false },
  count: { takesNumber: false },
  group: { takesNumber: false },
  topk: { takesNumber: true },
  bottomk: { takesNumber: true },
};

export const setOperators: ReadonlySet<string> = new Set(["and", "or", "unless"]);
export const comparisons: ReadonlySet<string> = new Set(["==", "!=", "<", "<=", ">", ">="]);
const arithmetic: readonly string[] = ["+", "-", "*", "/", "%", "^"];
export const operators: readonly string[] = [...arithmetic, ...comparisons, ...setOperators];
