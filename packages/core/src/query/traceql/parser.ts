import { type Cursor, refusedFault } from "./cursor.js";
import { TraceQlFault } from "./fault.js";
import type { Token } from "./lexer.js";
import { parseOperand } from "./operands.js";
import type { Element } from "./references.js";
import { refusedBehind, refusedWord } from "./refused.js";
import {
  type Condition,
  comparisonOps,
  functions,
  isCondition,
  logicOps,
  type Operand,
  type Reference,
  type Syntax,
} from "./syntax.js";

/**
 * A recursive descent parser of TraceQL's field expressions. As in Tempo's grammar, `&&` and `||` have equal precedence and
 * associate to the left, comparisons bind tighter, and `!` tighter still.
 */

/** The context of the current place. */
interface Surroundings {
  readonly element: Element;
  readonly nesting: number;
}

const operandsHint = "compare fields, attributes and constants";

/** The most nested parentheses and negations; `maxDepth` is the most nested calls of a filter. */
const maxNesting = 64;
const maxDepth = 20;

/**
 * Parses a text that consists of one spanset filter.
 * @returns undefined for `{}`, which matches everything.
 * @throws TraceQlFault
 */
export function parseSpansetFilter(cursor: Cursor): Condition | undefined {
  cursor.expect({ what: "punctuation", text: "{" });
  if (!cursor.is("punctuation", "{")) throw faultBefore(cursor);
  cursor.advance();
  cursor.expect({ what: "punctuation", text: "}" });
  const condition = cursor.is("punctuation", "}")
    ? undefined
    : asCondition(parseChain(cursor, { element: undefined, nesting: 0 }));
  cursor.pass("}");
  if (cursor.token.kind !== "end") throw faultBehind(cursor);
  return condition;
}

function faultBefore(cursor: Cursor): TraceQlFault {
  const { token, text } = cursor;
  if (token.kind === "word") {
    const refused = refusedWord(token.text);
    if (refused !== undefined) return refusedFault(token, token.text, refused);
  }
  if (cursor.is("punctuation", "(")) {
    return refusedFault(token, "(", {
      what: "groups spansets",
      hint: "parentheses stand between the braces, around conditions",
    });
  }
  if (token.kind === "end") return new TraceQlFault(token, "the text is empty", "everything is {}");
  return new TraceQlFault(
    { from: token.from, to: token.to },
    "a filter stands in braces",
    text.length < 100 && /^[^{}]*[=<>][^{}]*$/.test(text) ? `{ ${text.trim()} }` : '{ name = "checkout" }',
  );
}

function faultBehind({ token, text }: Cursor): TraceQlFault {
  const shown = text.slice(token.from, token.to);
  const refused =
    token.kind === "operator" ? refusedBehind(shown) : token.kind === "word" ? refusedWord(shown) : undefined;
  if (refused !== undefined) return refusedFault(token, shown, refused);
  return new TraceQlFault(
    token,
    `"${shown}" stands behind the filter`,
    "a filter ends with its closing brace",
  );
}

/** Conditions joined by `&&` and `||`, or a single operand. */
function parseChain(cursor: Cursor, around: Surroundings): Syntax {
  let left = parseComparison(cursor, around);
  // The arguments of the chain that this call builds. A chain in parentheses is not extended.
  let args: Condition[] | undefined;
  for (;;) {
    if (canBeCondition(left)) cursor.expect({ what: "logic" });
    const { token } = cursor;
    const op = operatorIn(logicOps, token);
    if (op === undefined) return left;
    const first = asCondition(left);
    cursor.advance();
    const right = asCondition(parseComparison(cursor, around));
    const range = { from: first.from, to: right.to };
    if (args !== undefined && first.kind === "logic" && first.op === op) {
      args.push(right);
      left = { kind: "logic", op, args, ...range, depth: deeper(token, first.depth - 1, right.depth) };
    } else {
      args = [first, right];
      left = { kind: "logic", op, args, ...range, depth: deeper(token, first.depth, right.depth) };
    }
  }
}

function parseComparison(cursor: Cursor, around: Surroundings): Syntax {
  cursor.expect({ what: "condition", element: around.element });
  const left = parseUnary(cursor, around);
  if (!isCondition(left)) cursor.expect({ what: "comparison", left });
  const op = operatorIn(comparisonOps, cursor.token);
  if (op === undefined) return left;
  if (isCondition(left)) {
    throw new TraceQlFault(cursor.token, "a condition is compared", operandsHint);
  }
  const { text } = cursor.advance() as Token & { readonly text: string };
  cursor.expect({ what: "value", left, op: text, element: around.element });
  const right = parseUnary(cursor, around);
  if (isCondition(right)) {
    throw new TraceQlFault(right, "a condition stands where a value is compared", operandsHint);
  }
  if (operatorIn(comparisonOps, cursor.token) !== undefined) {
    throw new TraceQlFault(cursor.token, "comparisons do not chain", "write two, with && between them");
  }
  const depth = op === "not regex" ? 3 : left.kind === "nil" || right.kind === "nil" ? 2 : 1;
  return { kind: "comparison", op, left, right, from: left.from, to: right.to, depth };
}

function parseUnary(cursor: Cursor, around: Surroundings): Syntax {
  const { token } = cursor;
  if (cursor.is("operator", "!")) {
    const inside = inner(around, token);
    cursor.advance();
    cursor.expect({ what: "condition", element: around.element });
    const operand = parseUnary(cursor, inside);
    if (operatorIn(comparisonOps, cursor.token) !== undefined) {
      throw new TraceQlFault(
        { from: token.from, to: operand.to },
        "! binds tighter than a comparison",
        "write !( ... ) around the comparison",
      );
    }
    const arg = asCondition(operand);
    return { kind: "not", arg, from: token.from, to: arg.to, depth: deeper(token, arg.depth) };
  }
  if (cursor.is("punctuation", "(")) {
    const inside = inner(around, token);
    cursor.advance();
    const grouped = parseChain(cursor, inside);
    const { to } = cursor.pass(")");
    return { ...grouped, from: token.from, to };
  }
  if (token.kind === "word" && Object.hasOwn(functions, token.text)) return parseCall(cursor, around);
  return parseOperand(cursor, around.element);
}

function inner(around: Surroundings, token: Token): Surroundings {
  if (around.nesting < maxNesting) return { ...around, nesting: around.nesting + 1 };
  throw new TraceQlFault(
    token,
    `parentheses and negations nest at most ${maxNesting} deep`,
    "most of them say nothing",
  );
}

function deeper(token: Token, ...depths: number[]): number {
  const depth = 1 + Math.max(...depths);
  if (depth <= maxDepth) return depth;
  throw new TraceQlFault(
    token,
    `conditions nest at most ${maxDepth} deep`,
    "a chain of && alone, or of || alone, is one level",
  );
}

function parseCall(cursor: Cursor, around: Surroundings): Condition {
  const token = cursor.advance() as Token & { readonly text: keyof typeof functions };
  const op = functions[token.text];
  cursor.pass("(");
  if (op === "some") return parseSome(cursor, around, token);
  cursor.expect({ what: "reference", element: around.element });
  const ref = parseReference(cursor, around);
  const values = [];
  do {
    cursor.pass(",");
    cursor.expect(
      op === "phrase" || op === "fulltext"
        ? { what: "words" }
        : { what: "value", left: ref, op: "in", element: around.element },
    );
    const value = parseOperand(cursor, around.element);
    if (value.kind !== "constant") {
      throw new TraceQlFault(
        value,
        `${token.text} takes constants behind the reference`,
        `write it like ${token.text}(.key, "a b")`,
      );
    }
    values.push(value);
    if (values.length === 1 && (op === "phrase" || op === "fulltext")) break;
    cursor.expect({ what: "punctuation", text: "," });
  } while (cursor.is("punctuation", ","));
  const { to } = cursor.pass(")");
  return { kind: "call", op, ref, values, from: token.from, to, depth: 1 };
}

function parseReference(cursor: Cursor, around: Surroundings): Reference {
  const operand = parseOperand(cursor, around.element);
  if (operand.kind === "reference") return operand;
  throw new TraceQlFault(
    operand,
    "this is no reference",
    "a field or an attribute comes first, such as name or .key",
  );
}

function parseSome(cursor: Cursor, around: Surroundings, token: Token): Condition {
  cursor.expect({ what: "collection" });
  const collection = cursor.token;
  const level = collection.kind === "word" ? collection.text : undefined;
  if (level !== "event" && level !== "link") throw cursor.unexpected();
  cursor.advance();
  cursor.pass(",");
  const inside = { ...inner(around, token), element: level } as const;
  const arg = asCondition(parseChain(cursor, inside));
  const { to } = cursor.pass(")");
  return { kind: "some", level, arg, from: token.from, to, depth: deeper(token, arg.depth) };
}

function operatorIn<T>(table: Readonly<Record<string, T>>, token: Token): T | undefined {
  return token.kind === "operator" && Object.hasOwn(table, token.text) ? table[token.text] : undefined;
}

function canBeCondition(syntax: Syntax): boolean {
  if (isCondition(syntax)) return true;
  return isBoolean(syntax) || (syntax.kind === "reference" && "attr" in syntax.term);
}

function isBoolean(operand: Operand): boolean {
  return operand.kind === "constant" && operand.type === "bool";
}

/** A boolean and an attribute are conditions by themselves: they are compared with true. */
function asCondition(syntax: Syntax): Condition {
  if (isCondition(syntax)) return syntax;
  const { from, to } = syntax;
  if (!canBeCondition(syntax)) {
    throw new TraceQlFault({ from, to }, "this is a value and no condition", 'compare it: name = "checkout"');
  }
  const right = { kind: "constant", type: "bool", text: "true", from, to } as const;
  return { kind: "comparison", op: "eq", left: syntax, right, from, to, depth: 1 };
}
