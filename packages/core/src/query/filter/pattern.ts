import { RE2JS } from "re2js";

/** A compiled pattern: whether it matches anywhere in a text. Runs in time linear in the text. */
export type Pattern = (text: string) => boolean;

/** Longer patterns, in UTF-16 units, are refused: their programs would be as large. */
export const maxPatternLength = 10_000;

/**
 * Compiles a pattern of RE2. JavaScript's own RegExp never runs it.
 * @throws the parser's error when RE2 does not parse it.
 */
export function compilePattern(pattern: string): Pattern {
  const program = RE2JS.compile(pattern);
  return (text) => program.test(text);
}

/** Why a filter may not use a pattern, or undefined when it may. */
export function patternFault(pattern: string): string | undefined {
  if (pattern.length > maxPatternLength) return `is longer than ${maxPatternLength} characters`;
  try {
    RE2JS.compile(pattern);
  } catch (error) {
    return `is not RE2 syntax: ${error instanceof Error ? error.message : String(error)}`;
  }
  return unsharedConstruct(pattern);
}

/**
 * Finds the constructs that engines' dialects do not share, in a pattern that RE2 parses. What is
 * looked for has its meaning only outside of character classes and quoted text.
 */
function unsharedConstruct(pattern: string): string | undefined {
  let at = 0;
  while (at < pattern.length) {
    const token = tokenAt(pattern, at);
    if (/^(?:[\^$]|\\[Az])$/.test(token)) return "is anchored, and a filter's pattern matches anywhere";
    if (/^\\[bB]$/.test(token)) return "has a word boundary";
    if (token === "(?") return "has inline flags";
    at += token.length;
    if (/^(?:[*+?]|\{.+)$/.test(token) && pattern[at] === "?") return "has a lazy quantifier";
  }
  return undefined;
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
