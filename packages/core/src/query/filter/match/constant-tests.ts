import type { AnyValue } from "../../../model/any-value.js";
import { textForm } from "../../../model/text-form.js";
import { compareCodePoints } from "../../../model/text-order.js";
import { parseDouble, parseInt64 } from "../language/literals.js";
import type { Constant, Ordering } from "../language/predicate.js";
import type { FieldValue } from "./field-values.js";

/** Whether a stored attribute value equals a constant. */
export function attributeEquals(constant: Constant): (value: AnyValue) => boolean {
  switch (constant.type) {
    case "any":
      return (value) =>
        "stringValue" in value ? value.stringValue === constant.text : textForm(value) === constant.text;
    case "string":
      return (value) => "stringValue" in value && value.stringValue === constant.text;
    case "int":
      return (value) => "intValue" in value && value.intValue === constant.value;
    case "double":
      return (value) => "doubleValue" in value && value.doubleValue === constant.value;
    case "bool":
      return (value) => "boolValue" in value && value.boolValue === constant.value;
    case "nanos":
    case "enum":
      return () => false;
  }
}

/** Whether a stored attribute value equals one of the constants, in constant time. */
export function attributeAmong(constants: readonly Constant[]): (value: AnyValue) => boolean {
  const any = new Set<string>();
  const texts = new Set<string>();
  const others = new Map<string, Set<bigint | number | boolean>>();
  for (const constant of constants) {
    if (constant.type === "any") any.add(constant.text);
    else if (constant.type === "string") texts.add(constant.text);
    // A set would find NaN, which equals nothing.
    else if (!Number.isNaN(constant.value)) {
      others.set(constant.type, (others.get(constant.type) ?? new Set()).add(constant.value));
    }
  }
  const [ints, doubles, bools] = [others.get("int"), others.get("double"), others.get("bool")];
  return (value) => {
    if ("stringValue" in value) return any.has(value.stringValue) || texts.has(value.stringValue);
    if ("intValue" in value && ints?.has(value.intValue)) return true;
    if ("doubleValue" in value && doubles?.has(value.doubleValue)) return true;
    if ("boolValue" in value && bools?.has(value.boolValue)) return true;
    return any.size > 0 && any.has(textForm(value));
  };
}

/** Whether a stored attribute value has this order to a constant, within the constant's domain. */
export function attributeOrdered(op: Ordering, constant: Constant): (value: AnyValue) => boolean {
  switch (constant.type) {
    case "any": {
      const number = numberSpelledBy(constant.text);
      const text = textOrdered(op, constant.text);
      if (number === undefined) return text;
      const numeric = numberOrdered(op, number);
      return (value) => numeric(value) || text(value);
    }
    case "string":
      return textOrdered(op, constant.text);
    case "int":
    case "double":
      return numberOrdered(op, constant.value);
    default:
      return () => false;
  }
}

function textOrdered(op: Ordering, text: string): (value: AnyValue) => boolean {
  const holds = ordering(op);
  return (value) => "stringValue" in value && holds(compareCodePoints(value.stringValue, text));
}

function numberOrdered(op: Ordering, number: bigint | number): (value: AnyValue) => boolean {
  const holds = ordering(op);
  return (value) => {
    if ("intValue" in value) return holds(compareNumbers(value.intValue, number));
    return "doubleValue" in value && holds(compareNumbers(value.doubleValue, number));
  };
}

/** Whether a built-in field's value equals a constant. */
export function fieldEquals(constant: Constant): (value: FieldValue) => boolean {
  const expected = "text" in constant ? constant.text : constant.value;
  return (value) => value === expected;
}

/** Whether a built-in field's value equals one of the constants. */
export function fieldAmong(constants: readonly Constant[]): (value: FieldValue) => boolean {
  const expected = new Set<FieldValue | boolean>(
    constants.map((constant) => ("text" in constant ? constant.text : constant.value)),
  );
  return (value) => expected.has(value);
}

/** Whether a built-in field's value has this order to a constant. */
export function fieldOrdered(op: Ordering, constant: Constant): (value: FieldValue) => boolean {
  const holds = ordering(op);
  if ("text" in constant) {
    const { text } = constant;
    return (value) => typeof value === "string" && holds(compareCodePoints(value, text));
  }
  if (constant.type !== "nanos") return () => false;
  return (value) => typeof value === "bigint" && holds(compareNumbers(value, constant.value));
}

/** The number that an untyped constant spells, as an int or a double; never NaN. */
export function numberSpelledBy(text: string): bigint | number | undefined {
  const number = parseInt64(text) ?? parseDouble(text);
  return Number.isNaN(number) ? undefined : number;
}

/** Compares exactly, ints with doubles too. NaN when either is NaN, so that no order holds. */
export function compareNumbers(a: bigint | number, b: bigint | number): number {
  if (a < b) return -1;
  if (a > b) return 1;
  // Equal, or NaN.
  return a >= b ? 0 : Number.NaN;
}

/** Whether an operator holds for the sign of a comparison. */
export function ordering(op: Ordering): (sign: number) => boolean {
  switch (op) {
    case "gt":
      return (sign) => sign > 0;
    case "lt":
      return (sign) => sign < 0;
    case "gte":
      return (sign) => sign >= 0;
    case "lte":
      return (sign) => sign <= 0;
  }
}
