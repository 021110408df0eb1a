import { RE2JS } from "re2js";

/** Matching one character takes time in proportion to the size of the program. */
const maxPatternLength = 10_000;
const maxProgramSize = 5_000;

/** What is wrong with a matcher's pattern; undefined when it can be used. */
export function patternProblem(pattern: string): string | undefined {
  if (pattern.length > maxPatternLength) return `the pattern has more than ${maxPatternLength} characters`;
  try {
    // By itself too: a stray parenthesis must not close the group that `compile` adds.
    RE2JS.compile(pattern);
    return compile(pattern).programSize() > maxProgramSize
      ? "the pattern repeats too much: its program is too large"
      : undefined;
  } catch (error) {
    return `the pattern is no RE2: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/** Tests whether a pattern matches a whole text, as matchers do. */
export function wholePattern(pattern: string): (text: string) => boolean {
  const program = compile(pattern);
  return (text) => program.test(text);
}

function compile(pattern: string): RE2JS {
  return RE2JS.compile(`^(?s:${pattern})$`);
}

const meta = String.raw`\\.*+?()[\]{}^$|`;
const literal = new RegExp(String.raw`^(?:[^${meta}]|\\[^a-zA-Z0-9])+$`, "u");

/** The alternatives of a pattern that consists of plain texts with `|` between them; undefined for any other. */
export function textsOfPattern(pattern: string): readonly string[] | undefined {
  const alternatives = pattern.split(/(?<!\\)\|/);
  if (!alternatives.every((each) => literal.test(each))) return undefined;
  return alternatives.map((each) => each.replaceAll(/\\(.)/gsu, "$1"));
}
