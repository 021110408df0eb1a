import type { FilterExpression } from "../language/ast.js";
import { type Field, type FieldType, fieldName } from "../language/fields.js";
import { invalidFilter, unsupportedFilter } from "../language/filter-error.js";
import type { Constant, Equality, Ordering, Predicate } from "../language/predicate.js";
import { comparePairs, type DomainValue } from "../match/compare-references.js";
import { numberSpelledBy } from "../match/constant-tests.js";
import { nounOf, readDeclared, readForField, type WireConstant } from "./constants.js";
import { isReference, type ResolvedReference, readReference, wrongTerm } from "./references.js";

export type Comparison = Equality | Ordering;

const turnedRound: Readonly<Record<Comparison, Comparison>> = {
  eq: "eq",
  ne: "ne",
  gt: "lt",
  lt: "gt",
  gte: "lte",
  lte: "gte",
};

/** Resolves a comparison of two operands, each a reference or a constant. */
export function resolveComparison(
  op: Comparison,
  [left, right]: readonly [FilterExpression, FilterExpression],
  path: string,
): Predicate {
  const leftPath = `${path}.args[0]`;
  const rightPath = `${path}.args[1]`;
  if ("scalar" in left) {
    if ("scalar" in right) return compareConstants(op, left.scalar, right.scalar, path);
    return compareToConstant(
      turnedRound[op],
      operand(right, op, rightPath),
      left.scalar,
      rightPath,
      leftPath,
    );
  }
  const leftRef = operand(left, op, leftPath);
  if ("scalar" in right) return compareToConstant(op, leftRef, right.scalar, leftPath, rightPath);
  return compareReferences(op, leftRef, operand(right, op, rightPath), path);
}

function operand(term: FilterExpression, op: Comparison, path: string): ResolvedReference {
  if (!isReference(term)) throw wrongTerm(term, `${op} compares references and constants`, path);
  return readReference(term, op, path);
}

function compareToConstant(
  op: Comparison,
  { ref, field }: ResolvedReference,
  scalar: WireConstant,
  refPath: string,
  path: string,
): Predicate {
  const value = field === undefined ? readDeclared(scalar, path) : readForField(scalar, field, path);
  if (isOrdering(op)) {
    if (field !== undefined) checkOrder(field, op, refPath);
    if (value.type === "bool") throw noOrder("booleans", op, path);
  }
  return { op, ref, value };
}

function compareReferences(
  op: Comparison,
  left: ResolvedReference,
  right: ResolvedReference,
  path: string,
): Predicate {
  if (left.field !== undefined && right.field !== undefined) {
    if (domainOf(left.field.type) !== domainOf(right.field.type)) {
      throw invalidFilter(
        path,
        `${fieldName(left.field)} holds ${nounOf(left.field.type)} and ` +
          `${fieldName(right.field)} ${nounOf(right.field.type)}`,
        "compare fields that hold the same kind of value",
      );
    }
  } else {
    const field = left.field ?? right.field;
    if (field !== undefined && domainOf(field.type) !== "text") {
      throw unsupportedFilter(
        path,
        `${fieldName(field)} holds ${nounOf(field.type)}, and no attribute does`,
        "compare the field with a constant or another field",
      );
    }
  }
  if (isOrdering(op)) {
    if (left.field !== undefined) checkOrder(left.field, op, `${path}.args[0]`);
    if (right.field !== undefined) checkOrder(right.field, op, `${path}.args[1]`);
  }
  return { op: "compare", with: op, left: left.ref, right: right.ref };
}

/** A comparison of two constants has the same answer for all spans. */
function compareConstants(op: Comparison, left: WireConstant, right: WireConstant, path: string): Predicate {
  const a = readDeclared(left, `${path}.args[0]`);
  const b = readDeclared(right, `${path}.args[1]`);
  if (isOrdering(op)) {
    if (a.type === "bool") throw noOrder("booleans", op, `${path}.args[0]`);
    if (b.type === "bool") throw noOrder("booleans", op, `${path}.args[1]`);
  }
  const x = domainValue(a, b);
  const y = domainValue(b, a);
  if (a.type !== "any" && b.type !== "any" && x.domain !== y.domain) {
    throw invalidFilter(
      path,
      `a constant of type ${a.type} and one of type ${b.type} are different kinds of value`,
      "compare constants of one type",
    );
  }
  return { op: comparePairs(op, [x], [y]) ? "and" : "or", args: [] };
}

/** A constant's value. An untyped constant takes the type of the other when its text allows. */
function domainValue(constant: Constant, other: Constant): DomainValue {
  switch (constant.type) {
    case "int":
    case "double":
      return { domain: "number", value: constant.value };
    case "bool":
      return { domain: "bool", value: constant.value };
    case "any": {
      if (other.type === "bool" && /^(true|false)$/.test(constant.text)) {
        return { domain: "bool", value: constant.text === "true" };
      }
      const number = numberSpelledBy(constant.text);
      if (number !== undefined && (other.type === "int" || other.type === "double")) {
        return { domain: "number", value: number };
      }
      return { domain: "text", value: constant.text };
    }
    default:
      return { domain: "text", value: "text" in constant ? constant.text : "" };
  }
}

function isOrdering(op: Comparison): op is Ordering {
  return op !== "eq" && op !== "ne";
}

function domainOf(type: FieldType): "text" | "duration" | "instant" {
  return type === "duration" || type === "instant" ? type : "text";
}

function checkOrder(field: Field, op: Ordering, path: string): void {
  if (field.type === "kind" || field.type === "status") throw noOrder(fieldName(field), op, path);
}

function noOrder(what: string, op: Ordering, path: string): Error {
  return invalidFilter(
    path,
    `${what} cannot be compared by ${op}: there is no order among them`,
    "compare by eq or ne",
  );
}
