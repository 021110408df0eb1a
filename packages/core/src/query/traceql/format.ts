import { doubleText } from "../../model/text-form.js";
import { filterFromJson } from "../filter/forms/json-form.js";
import type { FilterCall, FilterExpression } from "../filter/language/ast.js";
import { type Field, fieldName, lookupField } from "../filter/language/fields.js";
import { unsupportedFilter } from "../filter/language/filter-error.js";
import { parseBool, parseDouble, parseDuration, parseInt64 } from "../filter/language/literals.js";
import { resolveFilter } from "../filter/resolve/resolve.js";
import { tokenAt } from "./lexer.js";
import { quote, quotePattern } from "./quoted.js";
import {
  type AttributeTerm,
  type Element,
  type FieldTerm,
  isServiceAttribute,
  isServiceField,
  type ReferenceTerm,
  serviceAttribute,
  textOfAttribute,
  textOfField,
} from "./references.js";
import { comparisonOps, functions, logicOps } from "./syntax.js";
import { traceQlPattern } from "./whole-value.js";

type Scalar = Extract<FilterExpression, { readonly scalar: unknown }>["scalar"];
type List = Extract<FilterExpression, { readonly list: unknown }>["list"];
/** What a reference is compared with: a constant of type string, another constant, or none. */
type Neighbour = "text" | "other" | "none";

/**
 * Writes a filter as text that `parseTraceQl` reads. A filter in TraceQL's spelling comes back unchanged. Any other comes back
 * with the same meaning: constants next to fields lose their types; numbers, booleans and durations get TraceQL's spelling.
 * @throws the errors of `resolveFilter`; UNSUPPORTED_FILTER naming a part that TraceQL cannot express.
 */
export function formatTraceQl(filter: FilterCall): string {
  const path = "filter";
  const call = filterFromJson(filter, path);
  resolveFilter(call, path);
  const text = formatCall(call, path, undefined);
  return text === "true" ? "{}" : `{ ${text} }`;
}

function formatCall(call: FilterCall, path: string, element: Element): string {
  const { op, args } = call;
  switch (op) {
    case "and":
    case "or": {
      const negated = negatedRegex(call);
      if (negated !== undefined) return formatRegex("!~", negated, `${path}.args[1].args[0]`, element);
      const symbol = symbolOf(logicOps, op);
      const parts = calls(args).map((arg, i) => {
        const text = formatCall(arg, `${path}.args[${i}]`, element);
        return isLogic(arg) ? `(${text})` : text;
      });
      return parts.join(` ${symbol} `);
    }
    case "not":
      return formatNot(calls(args)[0] as FilterCall, `${path}.args[0]`, element);
    case "exists":
      return `${formatReference(args[0] as ReferenceTerm, "none", `${path}.args[0]`, element)} != nil`;
    case "regex":
      return formatRegex("=~", call, path, element);
    case "some":
      return formatSome(args, path);
    case "in":
    case "not_in":
      return `${op}(${formatList(args, path, element)})`;
    case "phrase":
    case "fulltext": {
      const [ref, list] = args as [ReferenceTerm, { readonly list: List }];
      const words = quote(list.list.values.join(" "));
      return `${symbolOf(functions, op)}(${formatReference(ref, "none", `${path}.args[0]`, element)}, ${words})`;
    }
    default:
      return formatComparison(call, path, element);
  }
}

/** The arguments of `and`, `or` and `not`, which are calls in a valid filter. */
function calls(args: readonly FilterExpression[]): FilterCall[] {
  return args.flatMap((arg) => ("call" in arg ? [arg.call] : []));
}

function isLogic(call: FilterCall): boolean {
  return (call.op === "and" || call.op === "or") && negatedRegex(call) === undefined;
}

/** The regex that `!~` negates: present, and not matching. */
function negatedRegex({ op, args }: FilterCall): FilterCall | undefined {
  const [exists, not, more] = calls(args);
  const [regex] = not?.op === "not" ? calls(not.args) : [];
  if (op !== "and" || more !== undefined || exists?.op !== "exists" || regex?.op !== "regex")
    return undefined;
  return JSON.stringify(exists.args[0]) === JSON.stringify(regex.args[0]) ? regex : undefined;
}

function symbolOf(table: Readonly<Record<string, string>>, op: string): string {
  return Object.keys(table).find((symbol) => table[symbol] === op) as string;
}

function formatNot(arg: FilterCall, path: string, element: Element): string {
  if (arg.op === "exists")
    return `${formatReference(arg.args[0] as ReferenceTerm, "none", `${path}.args[0]`, element)} = nil`;
  const text = formatCall(arg, path, element);
  return Object.hasOwn(functions, arg.op) || arg.op === "fulltext" || text === "true" || text === "false"
    ? `!${text}`
    : `!(${text})`;
}

function formatSome(args: readonly FilterExpression[], path: string): string {
  const [{ nested }, { call }] = args as [
    { readonly nested: { readonly level: NonNullable<Element> } },
    { readonly call: FilterCall },
  ];
  return `some(${nested.level}, ${formatCall(call, `${path}.args[1]`, nested.level)})`;
}

function formatRegex(symbol: "=~" | "!~", { args }: FilterCall, path: string, element: Element): string {
  const [ref, pattern] = args as [ReferenceTerm, { readonly scalar: Scalar }];
  const left = formatReference(ref, "text", `${path}.args[0]`, element);
  return `${left} ${symbol} ${quotePattern(traceQlPattern(pattern.scalar.value))}`;
}

function formatComparison({ op, args }: FilterCall, path: string, element: Element): string {
  const [left, right] = args as [FilterExpression, FilterExpression];
  // A boolean compared with true is written alone.
  if (
    op === "eq" &&
    "scalar" in left &&
    "scalar" in right &&
    left.scalar.type === "bool" &&
    isTrue(right.scalar)
  ) {
    return String(parseBool(left.scalar.value));
  }
  const first = formatOperand(left, right, `${path}.args[0]`, element);
  return `${first} ${symbolOf(comparisonOps, op)} ${formatOperand(right, left, `${path}.args[1]`, element)}`;
}

function isTrue({ value, type }: Scalar): boolean {
  return type === "bool" && parseBool(value) === true;
}

function formatOperand(
  operand: FilterExpression,
  opposite: FilterExpression,
  path: string,
  element: Element,
): string {
  if ("scalar" in operand) return formatConstant(operand.scalar, opposite, path);
  return formatReference(operand, neighbourOf(operand, opposite), path, element);
}

function neighbourOf(operand: FilterExpression, opposite: FilterExpression): Neighbour {
  const constant = "scalar" in opposite ? opposite.scalar : "list" in opposite ? opposite.list : undefined;
  if (constant === undefined) return "none";
  return "field" in operand || constant.type === "string" ? "text" : "other";
}

function formatReference(
  term: FilterExpression,
  neighbour: Neighbour,
  path: string,
  element: Element,
): string {
  // The filter is valid, so this is a reference.
  const reference = term as ReferenceTerm;
  return "attr" in reference
    ? formatAttribute(reference.attr, neighbour, path, element)
    : formatField(reference.field, neighbour, path, element);
}

function formatAttribute(attr: AttributeTerm, neighbour: Neighbour, path: string, element: Element): string {
  if (isServiceAttribute(attr) && neighbour === "text") {
    throw unsupportedFilter(
      path,
      "TraceQL reads resource.service.name next to text as the field resource.service",
      "compare the field",
    );
  }
  const text = textOfAttribute(attr, element);
  if (text !== undefined) return text;
  throw unsupportedFilter(
    path,
    `inside some TraceQL reads .${attr.key} as the ${element}'s`,
    "say the level, span or resource",
  );
}

function formatField(field: FieldTerm, neighbour: Neighbour, path: string, element: Element): string {
  const isService = isServiceField(field);
  if (isService && neighbour === "text") return textOfAttribute(serviceAttribute, element) as string;
  const text = textOfField(field, element);
  if (text !== undefined) return text;
  const problem = isService
    ? "TraceQL has the field resource.service next to text alone"
    : `TraceQL has no field ${fieldName(field as Field)}`;
  throw unsupportedFilter(path, problem, "the JSON form says it");
}

function formatList(args: readonly FilterExpression[], path: string, element: Element): string {
  const [ref, { list }] = args as [ReferenceTerm, { readonly list: List }];
  const { values, type } = list;
  const reference = formatReference(ref, neighbourOf(ref, { list }), `${path}.args[0]`, element);
  const texts = values.map((value, i) => {
    // One double makes the list a list of doubles, so the others may look like ints.
    if (type === "double" && /^-?\d+$/.test(value)) return value;
    return formatConstant(
      type === undefined ? { value } : { value, type },
      ref,
      `${path}.args[1].values[${i}]`,
    );
  });
  const [first, ...rest] = texts as [string, ...string[]];
  if (type !== "double" || texts.some(isDouble)) return [reference, ...texts].join(", ");
  return [reference, `${first}.0`, ...rest].join(", ");
}

function formatConstant({ value, type = "" }: Scalar, opposite: FilterExpression, path: string): string {
  const field = "field" in opposite ? lookupField(opposite.field.level, opposite.field.name) : undefined;
  if (field !== undefined) {
    if (field.type === "duration") return spellDuration(value);
    return field.type === "string" ? quote(value) : value;
  }
  switch (type) {
    case "string":
      return quote(value);
    case "int":
      return /^-?\d+$/.test(value) ? value : String(parseInt64(value));
    case "double":
      return spellDouble(value, path);
    case "bool":
      return String(parseBool(value));
    default:
      throw unsupportedFilter(
        path,
        `TraceQL has no constant without a type, such as ${JSON.stringify(value)}`,
        "say its type, such as string; the JSON form says it without",
      );
  }
}

function isDouble(text: string): boolean {
  return tokenAt(text, text.startsWith("-") ? 1 : 0).kind === "double";
}

function spellDouble(value: string, path: string): string {
  if (/^-?[\d.]+(?:e[+-]?\d+)?$/i.test(value) && isDouble(value)) return value;
  const number = parseDouble(value) as number;
  if (!Number.isFinite(number)) {
    throw unsupportedFilter(path, `TraceQL has no number ${JSON.stringify(value)}`, "the JSON form says it");
  }
  const text = doubleText(number);
  return /[.e]/.test(text) ? text : `${text}.0`;
}

/** Keeps a duration unless TraceQL's lexer does not read it as one token. */
function spellDuration(value: string): string {
  const sign = value.startsWith("-") ? "-" : "";
  const rest = value.slice(sign.length);
  if (!/^[\d.]/.test(rest) || rest === "0") return `${parseDuration(value)}ns`;
  return value;
}
