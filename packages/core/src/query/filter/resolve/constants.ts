import { type Field, type FieldType, fieldName, wordsOf } from "../language/fields.js";
import { invalidFilter } from "../language/filter-error.js";
import { parseBool, parseDouble, parseDuration, parseInstant, parseInt64 } from "../language/literals.js";
import type { Constant } from "../language/predicate.js";

/** A constant on the wire: a scalar, or an element of a list. */
export interface WireConstant {
  readonly value: string;
  readonly type?: string | undefined;
}

/**
 * Reads a constant by its declared type; without one it is `any`.
 * @throws INVALID_QUERY when the type is unknown or the text does not fit it.
 */
export function readDeclared({ value, type }: WireConstant, path: string): Constant {
  switch (type ?? "") {
    case "":
      return { type: "any", text: value };
    case "string":
      return { type: "string", text: value };
    case "int": {
      const parsed = parseInt64(value);
      if (parsed !== undefined) return { type: "int", value: parsed };
      break;
    }
    case "double": {
      const parsed = parseDouble(value);
      if (parsed !== undefined) return { type: "double", value: parsed };
      break;
    }
    case "bool": {
      const parsed = parseBool(value);
      if (parsed !== undefined) return { type: "bool", value: parsed };
      break;
    }
    default:
      throw invalidFilter(path, `unknown type "${type}"`, "types are string, int, double, bool, or none");
  }
  throw invalidFilter(path, `"${value}" is not the ${type} it declares`);
}

/**
 * Reads a constant next to a built-in field by the field's type.
 * @throws INVALID_QUERY when it declares another type or its text does not fit.
 */
export function readForField(constant: WireConstant, field: Field, path: string): Constant {
  const declared = readDeclared(constant, path);
  const holdsText = field.type !== "duration" && field.type !== "instant";
  if (declared.type !== "any" && !(declared.type === "string" && holdsText)) {
    throw invalidFilter(
      path,
      `${fieldName(field)} holds ${nounOf(field.type)}, not a value of type ${declared.type}`,
    );
  }
  const { value: text } = constant;
  switch (field.type) {
    case "string":
      return { type: "string", text };
    case "kind":
    case "status":
      return readWord(text, field.type, path);
    case "duration":
      return readNanos(parseDuration(text), text, "duration", 'write it like "2s", "1h30m" or "50us"', path);
    case "instant":
      return readNanos(
        parseInstant(text),
        text,
        "RFC 3339 instant",
        'write it like "2026-08-16T18:56:20.123456789Z"',
        path,
      );
  }
}

function readWord(text: string, type: "kind" | "status", path: string): Constant {
  const words = wordsOf(type);
  const value = words.get(text);
  if (value !== undefined) return { type: "enum", value };
  throw invalidFilter(path, `"${text}" is no ${type}`, `it is one of ${[...words.keys()].join(", ")}`);
}

function readNanos(
  value: bigint | undefined,
  text: string,
  what: string,
  hint: string,
  path: string,
): Constant {
  if (value === undefined) throw invalidFilter(path, `"${text}" is no ${what}`, hint);
  return { type: "nanos", value };
}

/** The name of a field's type in errors. */
export function nounOf(type: FieldType): string {
  switch (type) {
    case "string":
      return "text";
    case "kind":
    case "status":
      return `a ${type} word`;
    case "duration":
      return "a duration";
    case "instant":
      return "an instant";
  }
}
