import { RE2JS } from "re2js";

/** A compiled pattern: whether it matches anywhere in a text. Runs in time linear in the text. */
export type Pattern = (text: string) => boolean;

/** Patterns beyond these are refused: matching takes the size of the program for every character. */
const maxPatternLength = 10_000;
const maxProgramSize = 5_000;

/**
 * Compiles a pattern of RE2. JavaScript's own RegExp never runs it.
 * @throws the parser's error when RE2 does not parse it.
 */
export function compilePattern(pattern: string): Pattern {
  const program = RE2JS.compile(pattern);
  return (text) => program.test(text);
}

const whole = /^\^\(\?s:(.*)\)\$$/s;

/**
 * The one anchored form that a filter takes: the whole value matches, and the dot matches every character. TraceQL's
 * `=~` means it.
 */
export function wholeOfPattern(pattern: string): string {
  return `^(?s:${pattern})$`;
}

/** The pattern within that form, or undefined for a pattern that matches anywhere. */
export function patternOfWhole(pattern: string): string | undefined {
  return whole.exec(pattern)?.[1];
}

export interface PatternFault {
  readonly problem: string;
  /** The pattern is right, and more than is matched here. */
  readonly tooLarge: boolean;
}

/** Why a filter may not use a pattern, or undefined when it may. */
export function patternFault(pattern: string): PatternFault | undefined {
  if (pattern.length > maxPatternLength) {
    return { problem: `is longer than ${maxPatternLength} characters`, tooLarge: true };
  }
  const inner = patternOfWhole(pattern) ?? pattern;
  // The inner pattern stands by itself, too: none of its parentheses closes the form's.
  const alone = parse(inner);
  const parsed = typeof alone === "string" || inner === pattern ? alone : parse(pattern);
  if (typeof parsed === "string") return { problem: `is not RE2 syntax: ${parsed}`, tooLarge: false };
  const construct = unsharedConstruct(inner);
  if (construct !== undefined) return { problem: construct, tooLarge: false };
  if (parsed.programSize() > maxProgramSize) {
    return { problem: "repeats too much: its program is too large", tooLarge: true };
  }
  return undefined;
}

function parse(pattern: string): RE2JS | string {
  try {
    return RE2JS.compile(pattern);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/**
 * Finds the constructs that engines' dialects do not share, in a pattern that RE2 parses. What is
 * looked for has its meaning only outside of character classes and quoted text.
 */
function unsharedConstruct(pattern: string): string | undefined {
  let before = "";
  for (const token of patternTokens(pattern)) {
    if (/^(?:[\^$]|\\[Az])$/.test(token)) return "is anchored";
    if (/^\\[bB]$/.test(token)) return "has a word boundary";
    if (token === "(?") return "has inline flags";
    if (token === "?" && /^(?:[*+?]|\{.+)$/.test(before)) return "has a lazy quantifier";
    before = token;
  }
  return undefined;
}

/** The tokens of a pattern that RE2 parses; classes, escapes and quoted text are one token each. */
export function patternTokens(pattern: string): string[] {
  const found: string[] = [];
  for (let at = 0; at < pattern.length; ) {
    const token = tokenAt(pattern, at);
    found.push(token);
    at += token.length;
  }
  return found;
}

const tokens: readonly RegExp[] = [
  // Quoted text, which may lack its end.
  /\\Q.*?(?:\\E|$)/sy,
  /\\[pPx]\{[^}]*\}/y,
  /\\./sy,
  // A character class: a first `]` is a member, and so are named classes and escapes.
  /\[\^?\]?(?:\[:\^?\w+:\]|\\.|[^\]\\])*\]/sy,
  // Groups that carry no flags.
  /\(\?:|\(\?P?<\w+>/y,
  /\(\?/y,
  /\{\d+(?:,\d*)?\}/y,
];

function tokenAt(pattern: string, at: number): string {
  for (const token of tokens) {
    token.lastIndex = at;
    const match = token.exec(pattern);
    if (match !== null) return match[0];
  }
  return pattern.charAt(at);
}
