import { RE2JS } from "re2js";

/** Matching takes the size of the program for every character. */
const maxPatternLength = 10_000;
const maxProgramSize = 5_000;

/** The fault of a matcher's pattern, if any. */
export function patternProblem(pattern: string): string | undefined {
  if (pattern.length > maxPatternLength) return `the pattern has more than ${maxPatternLength} characters`;
  try {
    // It stands by itself too: no parenthesis of it closes the form's.
    RE2JS.compile(pattern);
    return compile(pattern).programSize() > maxProgramSize
      ? "the pattern repeats too much: its program is too large"
      : undefined;
  } catch (error) {
    return `the pattern is no RE2: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/** Whether a pattern matches the whole of a text, as matchers have it. */
export function wholePattern(pattern: string): (text: string) => boolean {
  const program = compile(pattern);
  return (text) => program.test(text);
}

function compile(pattern: string): RE2JS {
  return RE2JS.compile(`^(?s:${pattern})$`);
}

const meta = String.raw`\\.*+?()[\]{}^$|`;
const literal = new RegExp(String.raw`^(?:[^${meta}]|\\[^a-zA-Z0-9])+$`, "u");

/** The alternatives of a pattern that is only texts with `|` between them. */
export function textsOfPattern(pattern: string): readonly string[] | undefined {
  const alternatives = pattern.split(/(?<!\\)\|/);
  if (!alternatives.every((each) => literal.test(each))) return undefined;
  return alternatives.map((each) => each.replaceAll(/\\(.)/gsu, "$1"));
}
