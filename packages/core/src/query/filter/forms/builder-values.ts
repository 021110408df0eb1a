import { doubleText } from "../../../model/text-form.js";
import type { FilterExpression } from "../language/ast.js";
import { invalidFilter } from "../language/filter-error.js";

export type ConstantType = "string" | "int" | "double" | "bool";

/** A JavaScript value that becomes a constant. */
export type ScalarValue = string | number | bigint | boolean;

/** The other side of a comparison: a reference, or a constant from `literal`. */
export interface Operand {
  /** The argument in the filter. */
  readonly expression: FilterExpression;
}

/** A constant by its text. Without a type it matches stored values of any type. */
export function literal(value: string, type?: ConstantType): Operand {
  return { expression: { scalar: type === undefined ? { value } : { value, type } } };
}

/** Spells a value as a constant or as an element of a list. */
export type Spelling<V> = (value: V) => { readonly value: string; readonly type?: ConstantType };

/** Next to a built-in field a constant declares no type, since the field has one. */
export const spellText: Spelling<string> = (value) => ({ value });

export const spellDuration: Spelling<string | bigint> = (value) => ({
  value: typeof value === "bigint" ? `${value}ns` : value,
});

export const spellInstant: Spelling<string | Date | bigint> = (value) => {
  if (value instanceof Date) return { value: isoText(value) };
  return { value: typeof value === "bigint" ? instantText(value) : value };
};

/** Next to an attribute a value declares its type; a string declares none and matches any. */
export const spellScalar: Spelling<ScalarValue> = (value) => {
  switch (typeof value) {
    case "string":
      return { value };
    case "boolean":
      return { value: String(value), type: "bool" };
    case "bigint":
      return { value: String(value), type: "int" };
    case "number":
      return Number.isSafeInteger(value)
        ? { value: String(value), type: "int" }
        : { value: doubleText(value), type: "double" };
  }
};

/** The argument for a constant or another reference. */
export function operandOf<V>(value: V | Operand, spell: Spelling<V>): FilterExpression {
  return isOperand(value) ? value.expression : { scalar: spell(value) };
}

function isOperand(value: unknown): value is Operand {
  return typeof value === "object" && value !== null && "expression" in value;
}

/**
 * A list whose elements have one type: the declared one, or that of all values. Whole numbers among fractions are doubles.
 * @throws INVALID_QUERY when the values have several types and none is declared.
 */
export function typedList(values: readonly ScalarValue[], declared?: ConstantType): FilterExpression {
  const spelled = values.map(spellScalar);
  const types = new Set(spelled.map(({ type = "string" }) => type));
  if (types.has("double")) types.delete("int");
  if (declared === undefined && types.size > 1) {
    throw invalidFilter("filter", `a list has elements of one type, not of ${[...types].join(" and ")}`);
  }
  const [type = "string"] = declared === undefined ? types : [declared];
  return { list: { values: spelled.map(({ value }) => value), type } };
}

/** Nanoseconds since the epoch in RFC 3339. */
function instantText(nanos: bigint): string {
  const fraction = ((nanos % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n;
  const seconds = (nanos - fraction) / 1_000_000_000n;
  const text = isoText(new Date(Number(seconds) * 1000));
  return text.replace(".000Z", `.${String(fraction).padStart(9, "0")}Z`);
}

function isoText(date: Date): string {
  if (Number.isNaN(date.getTime())) throw invalidFilter("filter", "an instant that no date has");
  return date.toISOString();
}
