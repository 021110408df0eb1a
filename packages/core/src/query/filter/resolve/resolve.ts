import { filterFromJson } from "../forms/json-form.js";
import type { FilterCall, FilterExpression } from "../language/ast.js";
import { fieldName } from "../language/fields.js";
import { invalidFilter, unsupportedFilter } from "../language/filter-error.js";
import { patternFault } from "../language/pattern.js";
import type { Constant, Predicate } from "../language/predicate.js";
import { isWord, maxWordLength } from "../language/words.js";
import { type Comparison, resolveComparison } from "./comparisons.js";
import { readDeclared, readForField } from "./constants.js";
import { readAttributeReference, readReference, wrongTerm } from "./references.js";

/** The operators of a filter: a closed set. */
export const operators = [
  "and",
  "or",
  "not",
  "eq",
  "ne",
  "gt",
  "lt",
  "gte",
  "lte",
  "regex",
  "exists",
  "in",
  "not_in",
  "some",
  "phrase",
  "fulltext",
] as const;

/**
 * Checks a filter and resolves it to a predicate: operators have the right arguments, references exist, constants have the type
 * of the reference opposite, and references come first.
 * @throws INVALID_QUERY for a wrong filter, UNSUPPORTED_FILTER for one that has no exact answer; `field` names the part, such as
 *   `filter.args[1].args[0]`.
 */
export function resolveFilter(filter: FilterCall, path = "filter"): Predicate {
  // Checks the shape for untyped callers; the limit on depth also catches cycles.
  return resolveCall(filterFromJson(filter, path), path, []);
}

type Bound = readonly ("event" | "link")[];

function resolveCall(call: FilterCall, path: string, bound: Bound): Predicate {
  const op = operators.find((each) => each === call.op);
  switch (op) {
    case undefined:
      throw invalidFilter(path, `unknown operator "${call.op}"`, `operators are ${operators.join(", ")}`);
    case "and":
    case "or":
      if (call.args.length < 2) {
        throw invalidFilter(path, `${op} takes two or more predicates, not ${call.args.length}`);
      }
      return { op, args: call.args.map((arg, i) => resolvePredicate(arg, op, `${path}.args[${i}]`, bound)) };
    case "not":
      return { op, arg: resolvePredicate(one(call, path), op, `${path}.args[0]`, bound) };
    case "exists":
      return { op, ref: readReference(one(call, path), op, `${path}.args[0]`).ref };
    case "some":
      return resolveSome(two(call, path), path, bound);
    case "in":
    case "not_in":
      return resolveMembership(op, two(call, path), path);
    case "regex":
      return resolveRegex(two(call, path), path);
    case "phrase":
    case "fulltext":
      return resolveWords(op, two(call, path), path);
    default:
      return resolveComparison(op satisfies Comparison, two(call, path), path);
  }
}

function one({ op, args }: FilterCall, path: string): FilterExpression {
  const [only] = args;
  if (only !== undefined && args.length === 1) return only;
  throw invalidFilter(path, `${op} takes one argument, not ${args.length}`);
}

function two({ op, args }: FilterCall, path: string): readonly [FilterExpression, FilterExpression] {
  const [first, second] = args;
  if (first !== undefined && second !== undefined && args.length === 2) return [first, second];
  throw invalidFilter(path, `${op} takes two arguments, not ${args.length}`);
}

function resolvePredicate(term: FilterExpression, op: string, path: string, bound: Bound): Predicate {
  if ("call" in term) return resolveCall(term.call, path, bound);
  throw wrongTerm(term, `${op} takes a predicate here`, path);
}

function resolveSome(
  [collection, arg]: readonly [FilterExpression, FilterExpression],
  path: string,
  bound: Bound,
): Predicate {
  if (!("nested" in collection)) {
    throw wrongTerm(collection, "some takes a nested reference here", `${path}.args[0]`);
  }
  const { level } = collection.nested;
  if (level !== "event" && level !== "link") {
    throw invalidFilter(`${path}.args[0]`, `some goes over event or link, not over "${level}"`);
  }
  if (bound.includes(level)) {
    throw invalidFilter(
      `${path}.args[0]`,
      `some over ${level} stands inside another one`,
      `the ${level} is bound already: say its conditions without the inner some`,
    );
  }
  return { op: "some", level, arg: resolvePredicate(arg, "some", `${path}.args[1]`, [...bound, level]) };
}

function resolveMembership(
  op: "in" | "not_in",
  [subject, list]: readonly [FilterExpression, FilterExpression],
  path: string,
): Predicate {
  const { ref, field } = readReference(subject, op, `${path}.args[0]`);
  const { values, type } = readList(list, op, `${path}.args[1]`);
  if (field === undefined && type === undefined) {
    throw invalidFilter(
      `${path}.args[1]`,
      "a list next to an attribute declares the type of its elements",
      'set "type" to string, int, double or bool',
    );
  }
  const constants = values.map((value, i): Constant => {
    const at = `${path}.args[1].values[${i}]`;
    const constant = { value, type };
    return field === undefined ? readDeclared(constant, at) : readForField(constant, field, at);
  });
  return { op, ref, values: constants };
}

function readList(
  term: FilterExpression,
  op: string,
  path: string,
): { readonly values: readonly string[]; readonly type?: string } {
  if (!("list" in term)) throw wrongTerm(term, `${op} takes a list here`, path);
  if (term.list.values.length === 0) throw invalidFilter(path, "a list has at least one element");
  return term.list;
}

function resolveRegex(
  [subject, pattern]: readonly [FilterExpression, FilterExpression],
  path: string,
): Predicate {
  const { ref, field } = readReference(subject, "regex", `${path}.args[0]`);
  if (field?.type === "duration" || field?.type === "instant") {
    throw invalidFilter(`${path}.args[0]`, `regex reads text, and ${fieldName(field)} holds none`);
  }
  const at = `${path}.args[1]`;
  if (!("scalar" in pattern)) throw wrongTerm(pattern, "regex takes a pattern here", at);
  const { value, type = "string" } = pattern.scalar;
  if (type !== "string") throw invalidFilter(at, `a pattern is a string, not of type "${type}"`);
  const fault = patternFault(value);
  if (fault !== undefined) {
    const refuse = fault.tooLarge ? unsupportedFilter : invalidFilter;
    throw refuse(
      at,
      `the pattern ${fault.problem}`,
      "patterns are RE2 and match anywhere; the whole value matches ^(?s:...)$",
    );
  }
  return { op: "regex", ref, pattern: value };
}

function resolveWords(
  op: "phrase" | "fulltext",
  [subject, list]: readonly [FilterExpression, FilterExpression],
  path: string,
): Predicate {
  const ref = readAttributeReference(subject, op, `${path}.args[0]`);
  const { values, type = "string" } = readList(list, op, `${path}.args[1]`);
  if (type !== "string") throw invalidFilter(`${path}.args[1]`, `words are strings, not of type "${type}"`);
  const wrong = values.findIndex((word) => !isWord(word));
  if (wrong >= 0) {
    throw invalidFilter(
      `${path}.args[1].values[${wrong}]`,
      `${op} takes single words`,
      `a word is letters, digits and combining marks, at most ${maxWordLength} UTF-16 units`,
    );
  }
  return { op, ref, words: values };
}
