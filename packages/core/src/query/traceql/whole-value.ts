import { patternFault, patternOfWhole, patternTokens, wholeOfPattern } from "../filter/language/pattern.js";

/**
 * TraceQL's `=~` matches the whole value, and its dot matches every character. A filter's pattern matches anywhere, and its dot
 * does not match line breaks. A filter writes the former as `^(?s:...)$`; TraceQL writes the latter with `.*` on both
 * sides. These two functions are inverse to each other.
 */

const anywhere = /^\.\*(.+)\.\*$/s;
const anywhereDotted = /^\.\*\(\?-s:(.*)\)\.\*$/s;

/** The filter's pattern that matches the same values as `=~` with this pattern. */
export function filterPattern(text: string): string {
  const plain = anywhere.exec(text)?.[1];
  if (plain !== undefined && isPlain(plain)) return plain;
  const dotted = anywhereDotted.exec(text)?.[1];
  if (dotted !== undefined && patternFault(dotted) === undefined && closed(dotted) === dotted) return dotted;
  // A wrong pattern stays unchanged, and the caller refuses it.
  return wholeOfPattern(patternFault(text) === undefined ? closed(text) : text);
}

/** The pattern for `=~` that matches the same values as a filter's pattern. */
export function traceQlPattern(pattern: string): string {
  const whole = patternOfWhole(pattern);
  if (whole !== undefined) return whole;
  return isPlain(pattern) ? `.*${pattern}.*` : `.*(?-s:${closed(pattern)}).*`;
}

/** Closes quoted text at the end of a pattern, the only place where its end is optional. */
function closed(pattern: string): string {
  const last = patternTokens(pattern).at(-1) ?? "";
  return last.startsWith("\\Q") && !last.endsWith("\\E") ? `${pattern}\\E` : pattern;
}

/** Whether the pattern can get `.*` on both sides without changing its meaning. */
function isPlain(pattern: string): boolean {
  if (pattern === "" || pattern.startsWith("{") || patternFault(pattern) !== undefined) return false;
  return !patternTokens(pattern).some((token) => token === "." || token === "|" || token.startsWith("\\Q"));
}
