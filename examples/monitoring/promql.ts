import { parser } from "@prometheus-io/lezer-promql";

export interface Selection {
  readonly metric: string;
  /** Names of the labels that are asked for. */
  readonly labels: readonly string[];
}

/**
 * Lists the metrics that a PromQL expression reads.
 * @throws an error with the text that is no PromQL.
 */
export function selectionsOf(expression: string): Selection[] {
  const selections: Selection[] = [];
  const textOf = ({ from, to }: { from: number; to: number }): string => expression.slice(from, to);
  parser.parse(expression).iterate({
    enter: (node) => {
      if (node.type.isError) {
        throw new Error(`no PromQL at ${JSON.stringify(expression.slice(node.from))}: ${expression}`);
      }
      if (node.name !== "VectorSelector") return;
      const name = node.node.getChild("Identifier");
      const matchers = node.node.getChild("LabelMatchers")?.getChildren("UnquotedLabelMatcher") ?? [];
      selections.push({
        metric: name === null ? "" : textOf(name),
        labels: matchers.flatMap((matcher) => matcher.getChildren("LabelName").map(textOf)),
      });
    },
  });
  return selections;
}
