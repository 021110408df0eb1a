import { RE2JS } from "re2js";

/** Tests whether a compiled pattern matches anywhere in a text, in time linear in the text. */
export type Pattern = (text: string) => boolean;

/** Larger patterns are refused, since the time for each character grows with the size of the program. */
const maxPatternLength = 10_000;
const maxProgramSize = 5_000;

/**
 * Compiles an RE2 pattern. JavaScript's own RegExp never runs it.
 * @throws the parser's error when it is not RE2.
 */
export function compilePattern(pattern: string): Pattern {
  const program = RE2JS.compile(pattern);
  return (text) => program.test(text);
}

const whole = /^\^\(\?s:(.*)\)\$$/s;

/**
 * The one anchored form that filters accept, with the meaning of TraceQL's `=~`: the whole value matches, and the dot matches
 * every character.
 */
export function wholeOfPattern(pattern: string): string {
  return `^(?s:${pattern})$`;
}

/** The pattern inside that form; undefined for a pattern that matches anywhere. */
export function patternOfWhole(pattern: string): string | undefined {
  return whole.exec(pattern)?.[1];
}

export interface PatternFault {
  readonly problem: string;
  /** The pattern is valid but exceeds the limits. */
  readonly tooLarge: boolean;
}

/** Why a filter may not use a pattern; undefined when it may. */
export function patternFault(pattern: string): PatternFault | undefined {
  if (pattern.length > maxPatternLength) {
    return { problem: `is longer than ${maxPatternLength} characters`, tooLarge: true };
  }
  const inner = patternOfWhole(pattern) ?? pattern;
  // The inner pattern must be valid by itself, so that none of its parentheses closes the form's.
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
 * Finds constructs that the engines' dialects do not share, in a valid RE2 pattern. Inside character classes and quoted text
 * they have no special meaning.
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

/** The tokens of a valid RE2 pattern. A class, an escape and a quoted text are one token each. */
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
  // Quoted text; its end is optional.
  /\\Q.*?(?:\\E|$)/sy,
  /\\[pPx]\{[^}]*\}/y,
  /\\./sy,
  // A character class; a leading `]`, named classes and escapes are members.
  /\[\^?\]?(?:\[:\^?\w+:\]|\\.|[^\]\\])*\]/sy,
  // Groups without flags.
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
