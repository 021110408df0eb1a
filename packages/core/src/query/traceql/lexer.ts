import { parseDuration, parseTimeSpan } from "../filter/language/literals.js";
import { type Range, TraceQlFault } from "./fault.js";
import { bareKey, quotedKey, textOfQuoted, textOfRaw } from "./quoted.js";
import { fieldsHint, isFieldScope, isScope, type Scope } from "./references.js";

/** A token of a text, as in Grafana Tempo's lexer. */
export type Token = Range &
  (
    | { readonly kind: "end" }
    | { readonly kind: "punctuation" | "operator" | "word"; readonly text: string }
    /** `scope.key`; the scope of `.key` is empty. */
    | { readonly kind: "attribute"; readonly scope: Scope | "parent" | ""; readonly key: string }
    /** `scope:word`. */
    | { readonly kind: "field"; readonly scope: string; readonly word: string }
    | { readonly kind: "string"; readonly text: string }
    | { readonly kind: "int" | "double" | "duration"; readonly text: string }
  );

/** White space and comments. */
const space = /(?:[\s\x85]+|\/\/[^\n]*|\/\*[\s\S]*?\*\/)*/y;
const word = /[\p{L}_][\p{L}\p{Nd}_]*/uy;
const operator = /&&|&>>|&<<|&[~><]|\|\|?|!>>|!<<|![=~><]?|=~?|>[>=]?|<[<=]?|[~+\-*/%^]/y;
const number = /(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?/y;
const numberRest = /[\p{L}\p{Nd}_.]+/uy;
const quoted = /"([^"\\\n]*(?:\\.[^"\\\n]*)*)"/y;
const raw = /`([^`]*)`/y;
const wordBehind = /\s*([\p{L}_][\p{L}\p{Nd}_]*)/uy;

/**
 * The first token at or after an offset.
 * @throws TraceQlFault when there is no valid token.
 */
export function tokenAt(text: string, offset: number): Token {
  const from = skipSpace(text, offset);
  const char = text.charAt(from);
  if (char === "") return { kind: "end", from, to: from };
  if ("{}(),".includes(char)) return { kind: "punctuation", text: char, from, to: from + 1 };
  if (char === '"' || char === "`") return stringAt(text, from);
  const name = match(word, text, from)?.[0];
  if (name !== undefined) return wordAt(text, from, name);
  if (match(number, text, from) !== undefined) return numberAt(text, from);
  if (char === ".") return attributeAt(text, from, "", from + 1);
  if (text.startsWith("/*", from)) {
    throw new TraceQlFault({ from, to: from + 2 }, "this comment does not end", "close it with */");
  }
  const symbol = match(operator, text, from)?.[0];
  if (symbol !== undefined) return { kind: "operator", text: symbol, from, to: from + symbol.length };
  throw unknownCharacter(text, from);
}

/** The end of white space and comments. */
export function skipSpace(text: string, offset: number): number {
  return offset + (match(space, text, offset)?.[0].length ?? 0);
}

function match(pattern: RegExp, text: string, at: number): RegExpExecArray | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text) ?? undefined;
}

function unknownCharacter(text: string, from: number): TraceQlFault {
  const char = String.fromCodePoint(text.codePointAt(from) as number);
  const range = { from, to: from + char.length };
  if (char === "'")
    return new TraceQlFault(range, "text does not stand in single quotes", 'write "text" or `text`');
  if (char === "&") return new TraceQlFault(range, "a single & means nothing", "and is written &&");
  return new TraceQlFault(
    range,
    `nothing begins with ${JSON.stringify(char)}`,
    'an odd key stands in quotes: ."odd key"',
  );
}

function stringAt(text: string, from: number): Token {
  const isRaw = text.charAt(from) === "`";
  const found = match(isRaw ? raw : quoted, text, from);
  if (found === undefined) {
    throw new TraceQlFault(
      { from, to: from + 1 },
      "this text does not end",
      isRaw ? "close it with `" : 'close it with ", on the same line; a quote in it is \\"',
    );
  }
  const [all, content = ""] = found;
  return {
    kind: "string",
    text: isRaw ? textOfRaw(content) : textOfQuoted(content, from + 1),
    from,
    to: from + all.length,
  };
}

function wordAt(text: string, from: number, name: string): Token {
  const end = from + name.length;
  const next = text.charAt(end);
  if (next === "." && (isScope(name) || name === "parent")) return attributeAt(text, from, name, end + 1);
  if (next === ":" && isFieldScope(name)) {
    const found = match(wordBehind, text, end + 1);
    if (found === undefined) {
      throw new TraceQlFault({ from, to: end + 1 }, `the field behind "${name}:" is missing`, fieldsHint);
    }
    return { kind: "field", scope: name, word: found[1] as string, from, to: end + 1 + found[0].length };
  }
  return { kind: "word", text: name, from, to: end };
}

/** @param at the start of the key, a mix of quoted and bare parts. */
function attributeAt(text: string, from: number, scope: Scope | "parent" | "", at: number): Token {
  let to = at;
  let key = "";
  for (;;) {
    if (text.charAt(to) === '"') {
      const found = match(quotedKey, text, to);
      if (found === undefined) {
        throw new TraceQlFault(
          { from: to, to: to + 1 },
          "this quoted key does not end, or has an escape",
          'of escapes a key knows \\" and \\\\ alone',
        );
      }
      key += (found[1] as string).replace(/\\(.)/gs, "$1");
      to += found[0].length;
    } else {
      const bare = match(bareKey, text, to)?.[0];
      if (bare === undefined) break;
      key += bare;
      to += bare.length;
    }
  }
  if (key === "") {
    const hint = `an attribute is ${scope}.key or ${scope}."odd key"`;
    throw new TraceQlFault({ from, to }, `the key behind "${scope}." is missing`, hint);
  }
  return { kind: "attribute", scope, key, from, to };
}

function numberAt(text: string, from: number): Token {
  const digits = match(number, text, from)?.[0] as string;
  const rest = match(numberRest, text, from + digits.length)?.[0] ?? "";
  const all = digits + rest;
  const range = { from, to: from + all.length };
  if (rest === "") return { kind: /^\d+$/.test(digits) ? "int" : "double", text: digits, ...range };
  const duration = parseDuration(all) === undefined ? durationOfDays(all) : all;
  if (duration !== undefined) return { kind: "duration", text: duration, ...range };
  throw new TraceQlFault(
    range,
    `"${all}" is no number and no duration`,
    "numbers are decimal, like 12, 1.5 or 1e9; durations have a unit, like 500ms, 2s or 1h30m",
  );
}

const longUnits = /^(?:(\d+)y)?(?:(\d+)w)?(?:(\d+)d)?(.*)$/;

/** Converts Tempo's days, weeks and years of 365 days to hours, since filters have Go's units. */
function durationOfDays(text: string): string | undefined {
  const [, years = "0", weeks = "0", days = "0", rest = ""] = longUnits.exec(text) ?? [];
  const hours = (BigInt(years) * 365n + BigInt(weeks) * 7n + BigInt(days)) * 24n;
  const duration = `${hours}h${rest}`;
  if (rest !== text && parseDuration(duration) !== undefined) return duration;
  const span = parseTimeSpan(text);
  return span === undefined ? undefined : `${span}ns`;
}
