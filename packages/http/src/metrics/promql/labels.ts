import type { Grouping, Matcher } from "./syntax/ast.js";
import { wholePattern } from "./syntax/pattern.js";

/** The labels of a series, none of them empty. */
export type Labels = Readonly<Record<string, string>>;

/** A text that is the same for equal labels. */
export function signatureOf(labels: Labels): string {
  return JSON.stringify(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** The labels that a grouping keeps. `by` keeps the labels that it names, `without` drops those and the metric's name. */
export function grouped(labels: Labels, { keep, labels: names }: Grouping): Labels {
  return Object.fromEntries(
    Object.entries(labels).filter(([name]) =>
      keep ? names.includes(name) : name !== "__name__" && !names.includes(name),
    ),
  );
}

export function withoutLabel(labels: Labels, gone: string): Labels {
  if (labels[gone] === undefined) return labels;
  const { [gone]: _value, ...others } = labels;
  return others;
}

/** Tests labels by the matchers that `concerns` accepts. A missing label is an empty one. */
export function labelsMatcher(
  matchers: readonly Matcher[],
  concerns: (label: string) => boolean = () => true,
): (labels: Labels) => boolean {
  const tests = matchers
    .filter(({ label }) => concerns(label))
    .map((matcher) => ({ label: matcher.label, test: valueTest(matcher) }));
  return (labels) => tests.every(({ label, test }) => test(labels[label] ?? ""));
}

function valueTest({ operator, value }: Matcher): (text: string) => boolean {
  if (operator === "=") return (text) => text === value;
  if (operator === "!=") return (text) => text !== value;
  const matches = wholePattern(value);
  return operator === "=~" ? matches : (text) => !matches(text);
}
