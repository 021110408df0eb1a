/** A PromQL expression, as far as it is evaluated here. `at` is where it begins in its text. */
export type Expression =
  | NumberLiteral
  | TextLiteral
  | Selector
  | FunctionCall
  | Aggregation
  | BinaryExpression
  | Negation;

interface Node {
  readonly at: Position;
}

/** A place in a text, ready for a message. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

export interface NumberLiteral extends Node {
  readonly kind: "number";
  readonly value: number;
}

export interface TextLiteral extends Node {
  readonly kind: "text";
  readonly value: string;
}

export type MatchOperator = "=" | "!=" | "=~" | "!~";

export interface Matcher {
  readonly label: string;
  readonly operator: MatchOperator;
  readonly value: string;
}

/** Series of one metric or several: `name{label="value"}[5m] offset 1h`. Lengths of time are milliseconds. */
export interface Selector extends Node {
  readonly kind: "selector";
  /** The name of the metric is one on the label `__name__`. */
  readonly matchers: readonly Matcher[];
  /** Undefined: the counters themselves. */
  readonly range: number | undefined;
  readonly offset: number;
}

export interface FunctionCall extends Node {
  readonly kind: "call";
  readonly name: string;
  readonly args: readonly Expression[];
}

export interface Grouping {
  /** Whether the labels stay or go. */
  readonly keep: boolean;
  readonly labels: readonly string[];
}

export interface Aggregation extends Node {
  readonly kind: "aggregation";
  readonly name: string;
  readonly grouping: Grouping;
  /** How many, of `topk` and `bottomk`. */
  readonly parameter: Expression | undefined;
  readonly arg: Expression;
}

export interface BinaryExpression extends Node {
  readonly kind: "binary";
  readonly operator: string;
  /** Whether a comparison gives 0 and 1. */
  readonly bool: boolean;
  /** The labels by which elements of both sides belong together. */
  readonly matching: Grouping;
  readonly left: Expression;
  readonly right: Expression;
}

export interface Negation extends Node {
  readonly kind: "negation";
  readonly arg: Expression;
}

export type ExpressionType = "scalar" | "vector" | "range" | "text";
