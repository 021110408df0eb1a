import type { AnyValue } from "../../../model/any-value.js";
import { textForm } from "../../../model/text-form.js";
import { compareCodePoints } from "../../../model/text-order.js";
import type { FieldType } from "../language/fields.js";
import { wordOf } from "../language/fields.js";
import type { Equality, Ordering } from "../language/predicate.js";
import { compareNumbers, ordering } from "./constant-tests.js";
import type { FieldValue } from "./field-values.js";

/** A value with its domain. Only values of the same domain can be equal or ordered. */
export interface DomainValue {
  readonly domain: "text" | "number" | "bool" | "duration" | "instant" | "bytes" | "list" | "map" | "empty";
  readonly value: string | number | bigint | boolean;
}

/** The domain of an attribute's value; ints and doubles share one. */
export function domainOfAttribute(value: AnyValue): DomainValue {
  if ("stringValue" in value) return { domain: "text", value: value.stringValue };
  if ("intValue" in value) return { domain: "number", value: value.intValue };
  if ("doubleValue" in value) return { domain: "number", value: value.doubleValue };
  if ("boolValue" in value) return { domain: "bool", value: value.boolValue };
  const text = textForm(value);
  if ("bytesValue" in value) return { domain: "bytes", value: text };
  if ("arrayValue" in value) return { domain: "list", value: text };
  return { domain: "kvlistValue" in value ? "map" : "empty", value: text };
}

/** The domain of a built-in field's value; kinds and statuses are text, by their words. */
export function domainOfField(type: FieldType, value: FieldValue): DomainValue {
  if (type === "kind" || type === "status") return { domain: "text", value: wordOf(type, Number(value)) };
  return { domain: type === "string" ? "text" : type, value };
}

/** Whether two lists of values satisfy a comparison: some pair does; for `ne`, no pair is equal. */
export function comparePairs(
  op: Equality | Ordering,
  left: readonly DomainValue[],
  right: readonly DomainValue[],
): boolean {
  if (left.length === 0 || right.length === 0) return false;
  if (op === "ne") return !comparePairs("eq", left, right);
  const holds = op === "eq" ? (sign: number) => sign === 0 : ordering(op);
  return left.some((a) =>
    right.some((b) => a.domain === b.domain && (op === "eq" || hasOrder(a)) && holds(compareValues(a, b))),
  );
}

function hasOrder({ domain }: DomainValue): boolean {
  return domain === "text" || domain === "number" || domain === "duration" || domain === "instant";
}

/** The sign of a comparison within one domain. In domains without an order only 0 has a meaning. */
function compareValues(a: DomainValue, b: DomainValue): number {
  if (typeof a.value === "string" || typeof b.value === "string") {
    return compareCodePoints(String(a.value), String(b.value));
  }
  return compareNumbers(toNumber(a.value), toNumber(b.value));
}

function toNumber(value: number | bigint | boolean): number | bigint {
  return typeof value === "boolean" ? Number(value) : value;
}
