import { patternFault, patternOfWhole, patternTokens, wholeOfPattern } from "../filter/language/pattern.js";

/**
 * `=~` matches the whole value, its dot every character; a filter's pattern matches anywhere, its dot no line
 * break. A filter says the one as `^(?s:...)$`, and TraceQL says the other with `.*` on both sides: these two
 * functions are each other's inverse.
 */

const anywhere = /^\.\*(.+)\.\*$/s;
const anywhereDotted = /^\.\*\(\?-s:(.*)\)\.\*$/s;

/** The pattern of a filter that matches what `=~` with this pattern matches. */
export function filterPattern(text: string): string {
  const plain = anywhere.exec(text)?.[1];
  if (plain !== undefined && isPlain(plain)) return plain;
  const dotted = anywhereDotted.exec(text)?.[1];
  if (dotted !== undefined && patternFault(dotted) === undefined && closed(dotted) === dotted) return dotted;
  // A wrong pattern stays as it is, and is refused.
  return wholeOfPattern(patternFault(text) === undefined ? closed(text) : text);
}

/** The pattern for `=~` that matches what a filter's pattern matches. */
export function traceQlPattern(pattern: string): string {
  const whole = patternOfWhole(pattern);
  if (whole !== undefined) return whole;
  return isPlain(pattern) ? `.*${pattern}.*` : `.*(?-s:${closed(pattern)}).*`;
}

/** Quoted text may lack its end at the end of a pattern, and only there. */
function closed(pattern: string): string {
  const last = patternTokens(pattern).at(-1) ?? "";
  return last.startsWith("\\Q") && !last.endsWith("\\E") ? `${pattern}\\E` : pattern;
}

/** Whether `.*` can be put on both sides, and no dot changes its meaning. */
function isPlain(pattern: string): boolean {
  if (pattern === "" || pattern.startsWith("{") || patternFault(pattern) !== undefined) return false;
  return !patternTokens(pattern).some((token) => token === "." || token === "|" || token.startsWith("\\Q"));
}
