import type { Matcher, MatchOperator, Selector } from "./ast.js";
import { textOfLiteral } from "./literals.js";
import { patternProblem } from "./pattern.js";
import { refusal } from "./refusal.js";
import { durationOf, type Source, type SyntaxNode } from "./source.js";

/** Reads a selector with its range and its offset. @throws INVALID_QUERY. */
export function parseSelector(node: SyntaxNode, source: Source): Selector {
  const at = source.positionOf(node);
  let inner = node;
  let offset = 0;
  let range: number | undefined;
  if (inner.name === "OffsetExpr") {
    offset = durationOf(inner.getChild("OffsetDurationExpr") as SyntaxNode, source);
    inner = inner.getChild("Expr") as SyntaxNode;
  }
  if (inner.name === "MatrixSelector") {
    const length = inner.getChild("DurationExpr") as SyntaxNode;
    range = durationOf(length, source);
    if (range <= 0) throw refusal(source.positionOf(length), "a range is above 0");
    inner = inner.getChild("Expr") as SyntaxNode;
  }
  if (inner.name !== "VectorSelector") {
    throw refusal(
      source.positionOf(inner),
      "a range or an offset stands behind a selector",
      'such as calls_total{service_name="shop"}[5m]',
    );
  }
  return { kind: "selector", matchers: matchersOf(inner, source), range, offset, at };
}

function matchersOf(node: SyntaxNode, source: Source): Matcher[] {
  const name = node.getChild("Identifier");
  const matchers: Matcher[] =
    name === null ? [] : [{ label: "__name__", operator: "=", value: source.textOf(name) }];
  const list = node.getChild("LabelMatchers");
  for (let child = list?.firstChild ?? null; child !== null; child = child.nextSibling) {
    if (child.name === "QuotedLabelName") {
      matchers.push({ label: "__name__", operator: "=", value: textOf(child, source) });
    } else if (child.name.endsWith("LabelMatcher")) matchers.push(matcherOf(child, source));
  }
  if (!matchers.some(({ operator, value }) => value !== "" && (operator === "=" || operator === "=~"))) {
    throw refusal(
      source.positionOf(node),
      "a selector names a metric or the value of a label",
      'such as {__name__=~".+"}',
    );
  }
  return matchers;
}

function matcherOf(node: SyntaxNode, source: Source): Matcher {
  const name = node.getChild("LabelName");
  const label =
    name === null ? textOf(node.getChild("QuotedLabelName") as SyntaxNode, source) : source.textOf(name);
  const operator = source.textOf(node.getChild("MatchOp") as SyntaxNode) as MatchOperator;
  const literal = node.getChild("StringLiteral") as SyntaxNode;
  const value = textOf(literal, source);
  const problem = operator.endsWith("~") ? patternProblem(value) : undefined;
  if (problem !== undefined) throw refusal(source.positionOf(literal), problem);
  return { label, operator, value };
}

function textOf(literal: SyntaxNode, source: Source): string {
  const text = textOfLiteral(source.textOf(literal));
  if (text === undefined) {
    throw refusal(source.positionOf(literal), "the text does not end, or has an unknown escape");
  }
  return text;
}
