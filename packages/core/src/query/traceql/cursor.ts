import { type Range, TraceQlFault } from "./fault.js";
import { type Token, tokenAt } from "./lexer.js";
import type { Element } from "./references.js";
import { otherWriting, refusedInside } from "./refused.js";
import type { Operand } from "./syntax.js";

/** What the grammar accepts at a place. Errors name it, completion offers it. */
export type Expected =
  | { readonly what: "condition" | "reference"; readonly element: Element }
  | { readonly what: "comparison"; readonly left: Operand }
  /** A value opposite an operand; `op` is the operator as written. */
  | { readonly what: "value"; readonly left: Operand; readonly op: string; readonly element: Element }
  | { readonly what: "logic" | "collection" | "words" }
  | { readonly what: "punctuation"; readonly text: string };

/** A place in a text, and what the parser has expected there. */
export interface Cursor {
  readonly text: string;
  readonly token: Token;
  readonly expected: readonly Expected[];
  /** Notes what the grammar accepts here, before the parser looks at the token. */
  expect(expected: Expected): void;
  advance(): Token;
  is(kind: "punctuation" | "operator", text: string): boolean;
  /** Moves past a required punctuation. */
  pass(text: string): Token;
  /** The fault for the current token, which nothing accepts. */
  unexpected(): TraceQlFault;
}

export function createCursor(text: string): Cursor {
  let token = tokenAt(text, 0);
  let expected: Expected[] = [];
  const cursor: Cursor = {
    text,
    get token() {
      return token;
    },
    get expected() {
      return expected;
    },
    expect: (each) => void expected.push(each),
    advance: () => {
      const passed = token;
      token = tokenAt(text, passed.to);
      expected = [];
      return passed;
    },
    is: (kind, symbol) => token.kind === kind && token.text === symbol,
    pass: (symbol) => {
      expected.push({ what: "punctuation", text: symbol });
      if (!cursor.is("punctuation", symbol)) throw cursor.unexpected();
      return cursor.advance();
    },
    unexpected: () => faultOf(token, text, expected),
  };
  return cursor;
}

function faultOf(token: Token, text: string, expected: readonly Expected[]): TraceQlFault {
  const hint = expected.length === 0 ? undefined : `here stands ${listed(expected.map(describe))}`;
  if (token.kind === "end") return new TraceQlFault(token, "the text ends too early", hint);
  const shown = text.slice(token.from, token.to);
  if (token.kind === "operator") {
    const refused = refusedInside(shown);
    if (refused !== undefined) return refusedFault(token, shown, refused);
    if (shown === "=" && text[token.from - 1] === "=") {
      return new TraceQlFault(
        { from: token.from - 1, to: token.to },
        '"==" is no operator',
        "equality is a single =",
      );
    }
    if (shown === "|")
      return new TraceQlFault(token, "a single | stands between the braces", "or is written ||");
  }
  if (token.kind === "word")
    return new TraceQlFault(token, `"${shown}" is unexpected`, otherWriting(shown) ?? hint);
  return new TraceQlFault(token, `"${shown}" is unexpected`, hint);
}

export function refusedFault(
  range: Range,
  shown: string,
  { what, hint }: { readonly what: string; readonly hint: string },
): TraceQlFault {
  return new TraceQlFault(range, `"${shown}" ${what}`, hint, "UNSUPPORTED_FILTER");
}

function describe(expected: Expected): string {
  switch (expected.what) {
    case "condition":
      return 'a condition, such as name = "checkout" or .key > 5';
    case "reference":
      return "a field or an attribute, such as name or .key";
    case "comparison":
      return "= != > >= < <= =~ or !~";
    case "value":
      return 'a value, such as "text", 5 or 500ms';
    case "logic":
      return "&& or ||";
    case "collection":
      return "event or link";
    case "words":
      return 'a text of words, such as "card declined"';
    case "punctuation":
      return expected.text === "," ? "a comma" : expected.text;
  }
}

function listed(parts: readonly string[]): string {
  return [...new Set(parts)].join(", or ");
}
