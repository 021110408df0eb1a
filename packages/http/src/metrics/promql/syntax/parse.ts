import { parser } from "@prometheus-io/lezer-promql";
import { aggregations, comparisons, functions, operators, setOperators } from "./allowed.js";
import type { Aggregation, BinaryExpression, Expression, ExpressionType, Grouping } from "./ast.js";
import { numberOfText, textOfLiteral } from "./literals.js";
import { positionAt, refusal } from "./refusal.js";
import { parseSelector } from "./selector.js";
import type { Source, SyntaxNode } from "./source.js";

const maxQueryLength = 16 * 1024;
const maxDepth = 100;
/** Each selector reads the store. */
const maxSelectors = 32;

/** @throws INVALID_QUERY for malformed or unsupported PromQL, with the position and what is allowed. */
export function parsePromQl(query: string): Expression {
  const begin = { line: 1, column: 1 };
  if (query.trim() === "") throw refusal(begin, "there is no expression");
  if (query.length > maxQueryLength) throw refusal(begin, `has more than ${maxQueryLength} characters`);
  const { topNode } = parser.parse(query);
  throwAtError(query, topNode);
  const source: Source = {
    textOf: ({ from, to }) => query.slice(from, to),
    positionOf: ({ from }) => positionAt(query, from),
  };
  let selectors = 0;

  const convert = (node: SyntaxNode, depth: number): Expression => {
    const at = source.positionOf(node);
    if (depth > maxDepth) throw refusal(at, `is nested deeper than ${maxDepth} levels`);
    const inner = (child: SyntaxNode): Expression => convert(child, depth + 1);
    switch (node.name) {
      case "ParenExpr":
        return inner(operand(node));
      case "NumberDurationLiteral": {
        const value = numberOfText(source.textOf(node));
        if (value === undefined) throw refusal(at, `${source.textOf(node)} is no number`);
        return { kind: "number", value, at };
      }
      case "StringLiteral": {
        const value = textOfLiteral(source.textOf(node));
        if (value === undefined) throw refusal(at, "the text does not end, or has an unknown escape");
        return { kind: "text", value, at };
      }
      case "VectorSelector":
      case "MatrixSelector":
      case "OffsetExpr":
        selectors++;
        if (selectors > maxSelectors) throw refusal(at, `the query has more than ${maxSelectors} selectors`);
        return parseSelector(node, source);
      case "UnaryExpr": {
        const arg = inner(operand(node));
        const type = typeOf(arg);
        if (type !== "scalar" && type !== "vector") throw refusal(at, `a ${type} has no sign`);
        return source.textOf(node).startsWith("-") ? { kind: "negation", arg, at } : arg;
      }
      case "FunctionCall":
        return functionCall(node, source, inner);
      case "AggregateExpr":
        return aggregation(node, source, inner);
      case "BinaryExpr":
        return binary(node, source, inner);
      default:
        throw refusal(at, `${described(node.name)} is not evaluated here`);
    }
  };

  const root = operand(topNode);
  const expression = convert(root, 0);
  if (typeOf(expression) === "range") {
    throw refusal(
      expression.at,
      "a range of counters is no answer",
      "allowed is rate(...[5m]) or increase(...[5m])",
    );
  }
  return expression;
}

type Convert = (node: SyntaxNode) => Expression;

function throwAtError(query: string, top: SyntaxNode): void {
  top.cursor().iterate(({ type, from }) => {
    if (!type.isError) return;
    const rest = query.slice(from).trimStart().slice(0, 20);
    const what = rest === "" ? "the query ends too early" : `${JSON.stringify(rest)} is not expected`;
    throw refusal(positionAt(query, from), what);
  });
}

function operand(node: SyntaxNode): SyntaxNode {
  return node.getChild("Expr") as SyntaxNode;
}

const descriptions: Readonly<Record<string, string>> = {
  SubqueryExpr: "a subquery",
  StepInvariantExpr: "the modifier @",
  AnchoredExpr: "the modifier anchored",
  SmoothedExpr: "the modifier smoothed",
};

function described(name: string): string {
  return descriptions[name] ?? name;
}

function typeOf(expression: Expression): ExpressionType {
  switch (expression.kind) {
    case "number":
      return "scalar";
    case "text":
      return "text";
    case "selector":
      return expression.range === undefined ? "vector" : "range";
    case "call":
      return functions[expression.name]?.result ?? "vector";
    case "aggregation":
      return "vector";
    case "negation":
      return typeOf(expression.arg);
    case "binary":
      return [expression.left, expression.right].some((side) => typeOf(side) === "vector")
        ? "vector"
        : "scalar";
  }
}

function functionCall(node: SyntaxNode, source: Source, convert: Convert): Expression {
  const at = source.positionOf(node);
  const name = source.textOf(node.getChild("FunctionIdentifier") as SyntaxNode);
  const signature = Object.hasOwn(functions, name) ? functions[name] : undefined;
  if (signature === undefined) {
    throw refusal(
      at,
      `function ${name} is not evaluated here`,
      `allowed are ${Object.keys(functions).join(", ")}`,
    );
  }
  const args = (node.getChild("FunctionCallBody")?.getChildren("Expr") ?? []).map(convert);
  if (args.length !== signature.args.length) {
    throw refusal(at, `${name} takes ${signature.args.length} arguments, and has ${args.length}`);
  }
  for (const [i, arg] of args.entries()) expectType(arg, signature.args[i] as ExpressionType, name);
  return { kind: "call", name, args, at };
}

function expectType(expression: Expression, wanted: ExpressionType, by: string): void {
  const type = typeOf(expression);
  if (type === wanted) return;
  const examples = { range: "calls_total[5m]", scalar: "0.95", vector: "rate(...[5m])", text: '"text"' };
  throw refusal(
    expression.at,
    `${by} takes a ${wanted} here, and not a ${type}`,
    `such as ${examples[wanted]}`,
  );
}

function aggregation(node: SyntaxNode, source: Source, convert: Convert): Aggregation {
  const at = source.positionOf(node);
  const name = source.textOf(node.getChild("AggregateOp") as SyntaxNode).toLowerCase();
  const known = Object.hasOwn(aggregations, name) ? aggregations[name] : undefined;
  if (known === undefined) {
    throw refusal(at, `${name} is not evaluated here`, `allowed are ${Object.keys(aggregations).join(", ")}`);
  }
  const args = (node.getChild("FunctionCallBody")?.getChildren("Expr") ?? []).map(convert);
  const wanted = known.takesNumber ? 2 : 1;
  if (args.length !== wanted) {
    throw refusal(at, `${name} takes ${wanted} arguments, and has ${args.length}`);
  }
  const parameter = known.takesNumber ? args[0] : undefined;
  if (parameter !== undefined) expectType(parameter, "scalar", name);
  const arg = args.at(-1) as Expression;
  expectType(arg, "vector", name);
  const modifier = node.getChild("AggregateModifier");
  const grouping = {
    keep: modifier?.getChild("Without") == null,
    labels: modifier == null ? [] : labelsOf(modifier, source),
  };
  return { kind: "aggregation", name, grouping, parameter, arg, at };
}

function labelsOf(node: SyntaxNode, { textOf }: Source): string[] {
  const labels = node.getChild("GroupingLabels");
  const quoted =
    labels?.getChildren("QuotedLabelName").map((each) => textOfLiteral(textOf(each)) ?? "") ?? [];
  return [...(labels?.getChildren("LabelName").map(textOf) ?? []), ...quoted];
}

function binary(node: SyntaxNode, source: Source, convert: Convert): BinaryExpression {
  const [leftNode, rightNode] = node.getChildren("Expr") as [SyntaxNode, SyntaxNode];
  const operatorNode = leftNode.nextSibling as SyntaxNode;
  const at = source.positionOf(operatorNode);
  const operator = source.textOf(operatorNode).toLowerCase();
  if (!operators.includes(operator)) {
    throw refusal(at, `operator ${operator} is not evaluated here`, `allowed are ${operators.join(" ")}`);
  }
  const unknown = node.getChild("FillModifier");
  if (unknown !== null) throw refusal(source.positionOf(unknown), "fill is not evaluated here");
  const [left, right] = [convert(leftNode), convert(rightNode)];
  const types = [left, right].map(typeOf);
  for (const [i, side] of [left, right].entries()) {
    if (types[i] === "range" || types[i] === "text") {
      throw refusal(side.at, `${operator} takes vectors and numbers, and not a ${types[i]}`);
    }
  }
  if (setOperators.has(operator) && types.includes("scalar")) {
    throw refusal(at, `${operator} takes vectors alone`, "such as vector(0)");
  }
  const bool = node.getChild("BoolModifier") !== null;
  if (bool && !comparisons.has(operator)) throw refusal(at, "bool stands after comparisons alone");
  if (!bool && comparisons.has(operator) && !types.includes("vector")) {
    throw refusal(at, "a comparison of two numbers takes bool", `such as 1 ${operator} bool 2`);
  }
  const matching = matchingOf(node, source, types.includes("scalar"));
  return { kind: "binary", operator, bool, matching, left, right, at };
}

function matchingOf(node: SyntaxNode, source: Source, hasScalar: boolean): Grouping {
  const clause = node.getChild("MatchingModifierClause");
  if (clause === null) return { keep: false, labels: [] };
  const at = source.positionOf(clause);
  const many = clause.getChild("GroupLeft") ?? clause.getChild("GroupRight");
  if (many !== null) {
    throw refusal(
      source.positionOf(many),
      `${source.textOf(many)} is not evaluated here`,
      "each element has one partner",
    );
  }
  if (hasScalar) throw refusal(at, "only two vectors are matched by labels");
  return { keep: clause.getChild("On") !== null, labels: labelsOf(clause, source) };
}
