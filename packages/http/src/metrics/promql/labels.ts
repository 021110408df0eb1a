import type { Grouping, Matcher } from "./syntax/ast.js";
import { wholePattern } from "./syntax/pattern.js";

/** The labels of a series, none of them empty. */
export type Labels = Readonly<Record<string, string>>;

/** The labels as a text that equal ones have in common. */
export function signatureOf(labels: Labels): string {
  return JSON.stringify(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** The labels that a grouping leaves; it never leaves the name of the metric but where it names it. */
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

/** Whether labels satisfy all matchers of the labels that `concerns` says. A label that is not there is empty. */
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
