import { wordsOf } from "../filter/language/fields.js";
import { type Cursor, refusedFault } from "./cursor.js";
import { type Range, TraceQlFault } from "./fault.js";
import type { Token } from "./lexer.js";
import { bareKey } from "./quoted.js";
import { type Element, fieldOfWord, fieldsHint, scopeLevels } from "./references.js";
import { otherWriting, refusedField, refusedWord } from "./refused.js";
import type { Constant, Operand, Reference } from "./syntax.js";

const enumWords: ReadonlySet<string> = new Set([...wordsOf("kind").keys(), ...wordsOf("status").keys()]);

/** Tempo's words for the limits of 64-bit integers. */
const limits: ReadonlyMap<string, string> = new Map([
  ["minInt", "-9223372036854775808"],
  ["maxInt", "9223372036854775807"],
]);

/** Parses a reference or a constant. @throws TraceQlFault */
export function parseOperand(cursor: Cursor, element: Element): Operand {
  const { token } = cursor;
  const operand = operandOf(token, cursor, element);
  if (operand !== undefined) {
    cursor.advance();
    return operand;
  }
  if (cursor.is("operator", "-")) return parseNegative(cursor);
  throw cursor.unexpected();
}

function operandOf(token: Token, cursor: Cursor, element: Element): Operand | undefined {
  const { from, to } = token;
  switch (token.kind) {
    case "string":
    case "int":
    case "double":
    case "duration":
      return { kind: "constant", type: token.kind, text: token.text, from, to };
    case "attribute": {
      if (token.scope === "parent") throw refusedRange(token, cursor, "parent");
      const { key } = token;
      const level = token.scope === "" ? element : scopeLevels[token.scope];
      return { kind: "reference", term: { attr: level === undefined ? { key } : { key, level } }, from, to };
    }
    case "field": {
      const name = `${token.scope}:${token.word}`;
      return fieldOperand(token, cursor, name, fieldOfWord(token.scope, token.word, element));
    }
    case "word":
      return wordOperand(token, cursor, element);
    default:
      return undefined;
  }
}

function wordOperand(token: Token & { readonly text: string }, cursor: Cursor, element: Element): Operand {
  const { text, from, to } = token;
  if (text === "nil") return { kind: "nil", from, to };
  if (text === "true" || text === "false") return { kind: "constant", type: "bool", text, from, to };
  if (enumWords.has(text)) return { kind: "constant", type: "word", text, from, to };
  const limit = limits.get(text);
  if (limit !== undefined) return { kind: "constant", type: "int", text: limit, from, to };
  const field = fieldOfWord(undefined, text, element);
  if (field !== undefined) return { kind: "reference", term: { field }, from, to };
  const refused = refusedField(text) ?? refusedWord(text);
  if (refused !== undefined) throw refusedFault(token, text, refused);
  throw unknownWord(token, cursor, element);
}

function fieldOperand(
  range: Range,
  cursor: Cursor,
  name: string,
  field: ReturnType<typeof fieldOfWord>,
): Reference {
  if (field !== undefined) return { kind: "reference", term: { field }, from: range.from, to: range.to };
  if (refusedField(name) !== undefined) throw refusedRange(range, cursor, name);
  throw new TraceQlFault(range, `there is no field "${name}"`, fieldsHint);
}

function refusedRange(range: Range, { text }: Cursor, name: string): TraceQlFault {
  const refused = refusedField(name) as NonNullable<ReturnType<typeof refusedField>>;
  return refusedFault(range, text.slice(range.from, range.to), refused);
}

function unknownWord(
  token: Token & { readonly text: string },
  { text }: Cursor,
  element: Element,
): TraceQlFault {
  const range = { from: token.from, to: token.to };
  const outside = element === undefined ? undefined : fieldOfWord(undefined, token.text, undefined);
  if (outside !== undefined) {
    return new TraceQlFault(
      range,
      `the ${element} has no field "${token.text}"`,
      `the span's is span:${token.text}`,
    );
  }
  bareKey.lastIndex = token.from;
  const key = bareKey.exec(text)?.[0] ?? token.text;
  const hint = otherWriting(token.text) ?? `an attribute is .${key}, a text is "${key}"`;
  return new TraceQlFault(range, `there is no field "${token.text}"`, hint);
}

/** Parses a negative constant. Tempo negates any expression, filters cannot. */
function parseNegative(cursor: Cursor): Constant {
  const { from } = cursor.advance();
  const { token } = cursor;
  if (token.kind !== "int" && token.kind !== "double" && token.kind !== "duration") {
    throw new TraceQlFault(
      { from, to: token.to },
      "a minus stands before a number or a duration alone",
      "write it like -5 or -2ms",
    );
  }
  cursor.advance();
  return { kind: "constant", type: token.kind, text: `-${token.text}`, from, to: token.to };
}
