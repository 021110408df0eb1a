/** A PromQL expression that is evaluated here. `at` is the position where it begins in the query. */
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

/** A position in a query, as messages show it: both count from 1. */
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
  /** The metric's name is a matcher of the label `__name__`. */
  readonly matchers: readonly Matcher[];
  /** Undefined: an instant selector. */
  readonly range: number | undefined;
  readonly offset: number;
}

export interface FunctionCall extends Node {
  readonly kind: "call";
  readonly name: string;
  readonly args: readonly Expression[];
}

export interface Grouping {
  /** True for `by` and `on`, false for `without` and `ignoring`. */
  readonly keep: boolean;
  readonly labels: readonly string[];
}

export interface Aggregation extends Node {
  readonly kind: "aggregation";
  readonly name: string;
  readonly grouping: Grouping;
  /** The number of series that `topk` and `bottomk` keep. */
  readonly parameter: Expression | undefined;
  readonly arg: Expression;
}

export interface BinaryExpression extends Node {
  readonly kind: "binary";
  readonly operator: string;
  /** Whether a comparison gives 0 or 1 instead of dropping elements. */
  readonly bool: boolean;
  /** The labels that match elements of both sides. */
  readonly matching: Grouping;
  readonly left: Expression;
  readonly right: Expression;
}

export interface Negation extends Node {
  readonly kind: "negation";
  readonly arg: Expression;
}

export type ExpressionType = "scalar" | "vector" | "range" | "text";
