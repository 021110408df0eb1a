import type { FilterCall, FilterExpression } from "../filter/language/ast.js";
import { type FieldType, lookupField } from "../filter/language/fields.js";
import { parseDouble, parseInt64 } from "../filter/language/literals.js";
import { patternFault } from "../filter/language/pattern.js";
import { isWord, maxWordLength, splitWords } from "../filter/language/words.js";
import { type Range, TraceQlFault } from "./fault.js";
import { quote } from "./quoted.js";
import { isServiceAttribute, type ReferenceTerm, serviceField } from "./references.js";
import type { Condition, Constant, Operand } from "./syntax.js";
import { filterPattern } from "./whole-value.js";

/** The ranges of a filter's parts in the text, by their paths in errors. */
export type Places = Map<string, Range>;

type Scalar = Extract<FilterExpression, { readonly scalar: unknown }>;

/**
 * Turns a parsed condition into a filter. A constant gets its type from the reference opposite.
 * @throws TraceQlFault when a constant does not fit.
 */
export function lowerCondition(condition: Condition, path: string, places: Places): FilterCall {
  places.set(path, condition);
  switch (condition.kind) {
    case "logic":
      return {
        op: condition.op,
        args: condition.args.map((arg, i) => ({ call: lowerCondition(arg, `${path}.args[${i}]`, places) })),
      };
    case "not":
      return not(lowerCondition(condition.arg, `${path}.args[0]`, places));
    case "some": {
      const arg = lowerCondition(condition.arg, `${path}.args[1]`, places);
      return { op: "some", args: [{ nested: { level: condition.level } }, { call: arg }] };
    }
    case "comparison":
      return lowerComparison(condition, path, places);
    case "call":
      return condition.op === "in" || condition.op === "not_in"
        ? lowerMembership(condition, path, places)
        : lowerWords(condition);
  }
}

function not(call: FilterCall): FilterCall {
  return { op: "not", args: [{ call }] };
}

type Comparison = Extract<Condition, { readonly kind: "comparison" }>;

function lowerComparison(
  { op, left, right, from, to }: Comparison,
  path: string,
  places: Places,
): FilterCall {
  if (op === "regex" || op === "not regex") return lowerRegex(op, left, right);
  if (left.kind === "nil" || right.kind === "nil") {
    const ref = left.kind === "nil" ? right : left;
    if (ref.kind !== "reference" || (op !== "eq" && op !== "ne")) {
      throw new TraceQlFault(
        { from, to },
        "nil stands behind = or !=, opposite a reference",
        ".key = nil says that it is absent, .key != nil that it is present",
      );
    }
    const exists: FilterCall = { op: "exists", args: [ref.term] };
    return op === "ne" ? exists : not(exists);
  }
  if (op !== "eq" && op !== "ne") for (const operand of [left, right]) checkOrder(operand);
  places.set(`${path}.args[0]`, left);
  places.set(`${path}.args[1]`, right);
  return { op, args: [lowerOperand(left, right), lowerOperand(right, left)] };
}

function checkOrder(operand: Operand): void {
  const holds = operand.kind === "reference" ? typeOfTerm(operand.term) : undefined;
  const isBoolean = operand.kind === "constant" && operand.type === "bool";
  if (!isBoolean && holds !== "kind" && holds !== "status") return;
  throw new TraceQlFault(operand, `a ${holds ?? "boolean"} has no order`, "compare it by = or !=");
}

/** The type of a field; undefined for an attribute, which may have any. */
function typeOfTerm(term: ReferenceTerm | undefined): FieldType | undefined {
  return term !== undefined && "field" in term
    ? lookupField(term.field.level, term.field.name)?.type
    : undefined;
}

function lowerOperand(operand: Exclude<Operand, { kind: "nil" }>, opposite: Operand): FilterExpression {
  const other = opposite.kind === "constant" ? opposite : undefined;
  if (operand.kind === "reference") return referenceNextTo(operand.term, other);
  return lowerConstant(
    operand,
    opposite.kind === "reference" ? referenceNextTo(opposite.term, operand) : undefined,
  );
}

/** Turns `resource.service.name` next to text into the field `service`. */
function referenceNextTo(term: ReferenceTerm, constant: Constant | undefined): ReferenceTerm {
  const isService = "attr" in term && isServiceAttribute(term.attr);
  return isService && constant?.type === "string" ? { field: serviceField } : term;
}

function lowerConstant(constant: Constant, opposite: ReferenceTerm | undefined): Scalar {
  const { type, text } = constant;
  const holds = typeOfTerm(opposite);
  switch (holds) {
    case undefined:
      return typedConstant(constant);
    case "duration":
      if (type === "duration") return { scalar: { value: text } };
      throw new TraceQlFault(constant, "a duration has a unit", "write it like 500ms, 2s or 1h30m");
    case "kind":
    case "status":
      if (type === "word") return { scalar: { value: text } };
      throw new TraceQlFault(
        constant,
        `a ${holds} is a word without quotes`,
        `write it like ${exampleOf[holds]}`,
      );
    default:
      if (type === "string") return { scalar: { value: text } };
      throw new TraceQlFault(constant, "this field holds text", `a text stands in quotes: ${quote(text)}`);
  }
}

/** A constant next to an attribute or another constant, with the type of its spelling. */
function typedConstant(constant: Constant): Scalar {
  const { type, text } = constant;
  switch (type) {
    case "word":
      throw new TraceQlFault(
        constant,
        `"${text}" is a word of status or kind`,
        `a text stands in quotes: "${text}"`,
      );
    case "duration":
      throw new TraceQlFault(
        constant,
        "a duration stands next to fields that hold one",
        "an attribute is compared with the number it holds",
      );
    case "int":
      if (parseInt64(text) !== undefined) break;
      throw new TraceQlFault(
        constant,
        "an integer has 64 bits",
        "a larger number is a double, written like 1e20",
      );
    case "double":
      if (parseDouble(text) !== undefined) break;
      throw new TraceQlFault(constant, "this number is too large", "a double reaches to 1.8e308");
  }
  return { scalar: { value: text, type } };
}

const exampleOf = { kind: "server", status: "error" } as const;

function lowerRegex(op: "regex" | "not regex", left: Operand, right: Operand): FilterCall {
  if (left.kind !== "reference") {
    throw new TraceQlFault(left, "a pattern is matched with a reference", 'write it like name =~ "GET .*"');
  }
  if (typeOfTerm(left.term) === "duration") {
    throw new TraceQlFault(
      left,
      "a duration is no text that a pattern matches",
      "compare it by = != > >= < or <=",
    );
  }
  if (right.kind !== "constant" || right.type !== "string") {
    throw new TraceQlFault(right, "a pattern is a text", 'write it in quotes or backticks: name =~ "GET .*"');
  }
  const value = filterPattern(right.text);
  const fault = patternFault(value);
  if (fault !== undefined) {
    throw new TraceQlFault(
      right,
      `the pattern ${fault.problem}`,
      "patterns are RE2 without anchors, word boundaries, flags and lazy quantifiers; the whole value matches anyway",
      fault.tooLarge ? "UNSUPPORTED_FILTER" : "INVALID_QUERY",
    );
  }
  const term = referenceNextTo(left.term, right);
  const regex: FilterCall = { op: "regex", args: [term, { scalar: { value } }] };
  if (op === "regex") return regex;
  // Like every negated comparison, it needs a value.
  return { op: "and", args: [{ call: { op: "exists", args: [term] } }, { call: not(regex) }] };
}

type Call = Extract<Condition, { readonly kind: "call" }>;

function lowerMembership({ op, ref, values }: Call, path: string, places: Places): FilterCall {
  const term = referenceNextTo(ref.term, values[0]);
  const scalars = values.map((value) => lowerConstant(value, term).scalar);
  places.set(`${path}.args[0]`, ref);
  values.forEach((value, i) => {
    places.set(`${path}.args[1].values[${i}]`, value);
  });
  const isNumber = (i: number): boolean => scalars[i]?.type === "int" || scalars[i]?.type === "double";
  const odd = values.find((_, i) => scalars[i]?.type !== scalars[0]?.type && !(isNumber(i) && isNumber(0)));
  if (odd !== undefined) {
    throw new TraceQlFault(
      odd,
      "the values of a list are of one type",
      `the first is of type ${scalars[0]?.type}`,
    );
  }
  const type = scalars.find((scalar) => scalar.type === "double")?.type ?? scalars[0]?.type;
  const texts = scalars.map(({ value }) => value);
  return { op, args: [term, { list: type === undefined ? { values: texts } : { values: texts, type } }] };
}

/** Splits the text into words, as stored text is split. */
function lowerWords({ op, ref, values }: Call): FilterCall {
  const [text] = values as [Constant];
  if (!("attr" in ref.term)) {
    throw new TraceQlFault(ref, "words are searched in attributes alone", "a field is matched by =~");
  }
  const words = text.type === "string" ? splitWords(text.text) : [];
  if (words.length === 0) {
    throw new TraceQlFault(text, "this is no text with a word", 'write it like "card declined"');
  }
  if (!words.every(isWord)) {
    throw new TraceQlFault(
      text,
      "a word of this text is too long",
      `a word has at most ${maxWordLength} UTF-16 units`,
    );
  }
  return { op, args: [ref.term, { list: { values: words } }] };
}
