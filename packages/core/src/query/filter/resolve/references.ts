import type { FilterExpression } from "../language/ast.js";
import { type Field, fields, lookupField } from "../language/fields.js";
import { invalidFilter } from "../language/filter-error.js";
import { type AttributeRef, allLevels, type Level, type Reference } from "../language/predicate.js";

/** A reference; a built-in field also has its definition. */
export interface ResolvedReference {
  readonly ref: Reference;
  readonly field?: Field;
}

/** Whether an argument is a reference to a value of the span. */
export function isReference(term: FilterExpression): boolean {
  return "attr" in term || "field" in term;
}

/** @throws INVALID_QUERY when the argument is no reference, or names an unknown field. */
export function readReference(term: FilterExpression, op: string, path: string): ResolvedReference {
  if ("attr" in term) return { ref: readAttribute(term.attr, path) };
  if ("field" in term) {
    const field = readField(term.field, path);
    return { ref: { ref: "field", level: field.level, name: field.name }, field };
  }
  throw wrongTerm(term, `${op} takes a reference here`, path);
}

/** @throws INVALID_QUERY when the argument is no reference to an attribute. */
export function readAttributeReference(term: FilterExpression, op: string, path: string): AttributeRef {
  if ("attr" in term) return readAttribute(term.attr, path);
  throw wrongTerm(term, `${op} takes a reference to an attribute here`, path);
}

/** The error for an argument of the wrong kind. */
export function wrongTerm(term: FilterExpression, wanted: string, path: string): Error {
  if ("nested" in term) {
    return invalidFilter(path, "a nested reference stands only as the first argument of some");
  }
  return invalidFilter(path, `${wanted}, not ${nameOf(term)}`);
}

function nameOf(term: FilterExpression): string {
  if ("attr" in term) return "a reference to an attribute";
  if ("field" in term) return "a reference to a field";
  if ("nested" in term) return "a nested reference";
  if ("scalar" in term) return "a constant";
  return "list" in term ? "a list" : "a predicate";
}

function readAttribute(attr: { readonly key: string; readonly level?: string }, path: string): AttributeRef {
  if (attr.key === "") throw invalidFilter(path, "a reference to an attribute names its key");
  const levels: readonly Level[] = attr.level ? [readLevel(attr.level, path)] : ["span", "resource"];
  return { ref: "attribute", key: attr.key, levels };
}

function readField({ name, level }: { readonly name: string; readonly level: string }, path: string): Field {
  const known = readLevel(level, path);
  const field = lookupField(known, name);
  if (field !== undefined) return field;
  const names = fields.filter((each) => each.level === known).map((each) => each.name);
  throw invalidFilter(
    path,
    `there is no field "${name}" at level ${known}`,
    `its fields are ${names.join(", ")}; an attribute of that name is {"attr":{"key":...}}`,
  );
}

function readLevel(level: string, path: string): Level {
  const known = allLevels.find((each) => each === level);
  if (known !== undefined) return known;
  const problem = level === "" ? "a reference to a field names its level" : `unknown level "${level}"`;
  throw invalidFilter(path, problem, `levels are ${allLevels.join(", ")}`);
}
