/** A part of TraceQL that a search for spans cannot answer, with a replacement as the hint. */
export interface Refused {
  readonly what: string;
  readonly hint: string;
}

const oneSpan = "a filter asks one span at a time";
const wholeTrace = (what: string, hint: string): Refused => ({
  what: `asks ${what}`,
  hint: `${oneSpan}: ${hint}`,
});

const root = 'ask the root span itself: span:parentID = nil && name = "GET /"';
const tree = "ask the spans for what they carry; span:parentID names the parent";

/** Fields of a trace or of the tree of its spans. */
const fields: ReadonlyMap<string, Refused> = new Map([
  ["traceDuration", wholeTrace("for the duration of the whole trace", "duration is the span's own")],
  ["trace:duration", wholeTrace("for the duration of the whole trace", "duration is the span's own")],
  ["rootName", wholeTrace("for the root span of the trace", root)],
  ["trace:rootName", wholeTrace("for the root span of the trace", root)],
  ["rootServiceName", wholeTrace("for the root span of the trace", root)],
  ["trace:rootService", wholeTrace("for the root span of the trace", root)],
  ["nestedSetLeft", wholeTrace("for the place in the tree", tree)],
  ["nestedSetRight", wholeTrace("for the place in the tree", tree)],
  ["nestedSetParent", wholeTrace("for the place in the tree", tree)],
  ["childCount", wholeTrace("for the children of a span", tree)],
  ["span:childCount", wholeTrace("for the children of a span", tree)],
  ["parent", wholeTrace("for the parent of a span", tree)],
]);

/** @param text `word` or `scope:word`. */
export function refusedField(text: string): Refused | undefined {
  return fields.get(text);
}

const oneFilter = "the text is one filter in braces; write it without this";
const aggregates = ["count", "avg", "max", "min", "sum"];
const stages = ["by", "coalesce", "select", "topk", "bottomk", "compare"];
const metrics = [
  "rate",
  ...["count", "min", "max", "avg", "sum", "quantile", "histogram"].map((of) => `${of}_over_time`),
];

/** Words of pipelines and metrics. */
const stageWords: ReadonlyMap<string, Refused> = new Map([
  ...aggregates.map((word): [string, Refused] => [word, { what: "is an aggregate", hint: oneFilter }]),
  ...stages.map((word): [string, Refused] => [word, { what: "is a stage of a pipeline", hint: oneFilter }]),
  ["with", { what: "begins hints for Tempo", hint: oneFilter }],
  ...metrics.map((word): [string, Refused] => [word, { what: "is a metric", hint: oneFilter }]),
]);

export function refusedWord(word: string): Refused | undefined {
  return stageWords.get(word);
}

const arithmetic: Refused = { what: "is arithmetic", hint: "write the result: duration > 1500ms" };

/** Refused operators between the braces. */
export function refusedInside(operator: string): Refused | undefined {
  if (/^[-+*/%^]$/.test(operator)) return arithmetic;
  return /^(?:>>|<<|~|&[~<>]+|![<>]+)$/.test(operator) ? structural : undefined;
}

const structural: Refused = {
  what: "relates the spans of a trace",
  hint: `${oneSpan}, not how spans relate; write one filter in one pair of braces`,
};

/** Refused operators after the closing brace. */
export function refusedBehind(operator: string): Refused | undefined {
  switch (operator) {
    case "|":
      return { what: "begins a pipeline", hint: oneFilter };
    case "&&":
    case "||":
      return {
        what: "joins two spansets",
        hint: `${oneSpan}: write both conditions in one pair of braces, { ... ${operator} ... }`,
      };
    case ">":
    case "<":
    case "!~":
      return structural;
    default:
      return refusedInside(operator);
  }
}

const otherWords: Readonly<Record<string, string>> = {
  and: "and is written &&",
  or: "or is written ||",
  not: "not is written !( ... )",
  null: "an absent value is nil",
  scope: "the scope's level is instrumentation",
};

/** TraceQL's spelling for a word of other languages. */
export function otherWriting(word: string): string | undefined {
  const lower = word.toLowerCase();
  return Object.hasOwn(otherWords, lower) ? otherWords[lower] : undefined;
}
