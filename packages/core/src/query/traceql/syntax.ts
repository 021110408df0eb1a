import type { Range } from "./fault.js";
import type { Element, ReferenceTerm } from "./references.js";

/** A parsed text, before constants get their types from the reference opposite. */
export type Syntax = Operand | Condition;

export type Operand = Reference | Constant | Nil;

export interface Reference extends Range {
  readonly kind: "reference";
  readonly term: ReferenceTerm;
}

export interface Constant extends Range {
  readonly kind: "constant";
  /** `word` is a word of `kind` or `status`. */
  readonly type: "string" | "int" | "double" | "bool" | "duration" | "word";
  readonly text: string;
}

export interface Nil extends Range {
  readonly kind: "nil";
}

export type Condition = Range & {
  /** The nesting depth of the filter's calls. */
  readonly depth: number;
} & (
    | { readonly kind: "logic"; readonly op: "and" | "or"; readonly args: readonly Condition[] }
    | { readonly kind: "not"; readonly arg: Condition }
    | {
        readonly kind: "comparison";
        readonly op: ComparisonOp;
        readonly left: Operand;
        readonly right: Operand;
      }
    | {
        readonly kind: "call";
        readonly op: "in" | "not_in" | "phrase" | "fulltext";
        readonly ref: Reference;
        readonly values: readonly Constant[];
      }
    | { readonly kind: "some"; readonly level: NonNullable<Element>; readonly arg: Condition }
  );

export const comparisonOps = {
  "=": "eq",
  "!=": "ne",
  ">": "gt",
  ">=": "gte",
  "<": "lt",
  "<=": "lte",
  "=~": "regex",
  "!~": "not regex",
} as const;
export type ComparisonOp = (typeof comparisonOps)[keyof typeof comparisonOps];

export const logicOps = { "&&": "and", "||": "or" } as const;

/** The functions, with the operators of a filter. */
export const functions = {
  in: "in",
  not_in: "not_in",
  phrase: "phrase",
  words: "fulltext",
  some: "some",
} as const;

export function isCondition(syntax: Syntax): syntax is Condition {
  return syntax.kind !== "reference" && syntax.kind !== "constant" && syntax.kind !== "nil";
}
