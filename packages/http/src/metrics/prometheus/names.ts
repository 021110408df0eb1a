import { SpanStoreError } from "@spanstore/core";
import type { Answer } from "../../wire/answer.js";
import type { Call } from "../../wire/call.js";
import { integerOf, type Parameters } from "../../wire/parameters.js";
import { endingMinute, minuteMillis, slidingWindows, type Windows } from "../minutes.js";
import { checkSize } from "../promql/evaluation/context.js";
import { metricsOf, readSeries } from "../promql/evaluation/select.js";
import { type Labels, labelsMatcher, signatureOf } from "../promql/labels.js";
import { boundText, bucketBounds, fieldLabels, type Metric, metrics } from "../promql/metrics.js";
import type { Matcher } from "../promql/syntax/ast.js";
import { parsePromQl } from "../promql/syntax/parse.js";
import { success } from "./answers.js";
import { formOf, momentOf, passedOver } from "./parameters.js";

export const seriesParameters = {
  ...passedOver,
  limit: "once",
  "match[]": "often",
  start: "once",
  end: "once",
} as const;

/** The default range: the last day. */
const defaultMillis = 86_400_000;

/** The label sets of all series that match. */
export async function series(call: Call): Promise<Answer> {
  const parameters = await formOf(call, seriesParameters);
  const selections = selectionsOf(parameters);
  if (selections.length === 0) {
    throw new SpanStoreError("INVALID_QUERY", "parameter 'match[]' is required", { field: "match[]" });
  }
  const windows = wholeRange(call, parameters);
  const found = new Map<string, Labels>();
  for (const matchers of selections) {
    for (const labels of await labelSets(call, matchers, windows, undefined)) {
      found.set(signatureOf(labels), labels);
    }
  }
  const sorted = [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, labels]) => labels);
  return success(limited(parameters, sorted));
}

/** The names of labels that series have. */
export async function labelNames(call: Call): Promise<Answer> {
  const parameters = await formOf(call, seriesParameters);
  const selections = selectionsOf(parameters);
  const chosen = selections.length === 0 ? metrics : selections.flatMap(metricsOf);
  if (chosen.length === 0) return success([]);
  const hasBuckets = chosen.some(({ counts }) => counts === "buckets");
  return success(["__name__", ...(hasBuckets ? ["le"] : []), ...Object.keys(fieldLabels)]);
}

/** The values that one label has. */
export async function labelValues(call: Call): Promise<Answer> {
  const parameters = await formOf(call, seriesParameters);
  const label = call.part("name");
  const selections = selectionsOf(parameters);
  if (label === "__name__" && selections.length === 0) return success(metrics.map(({ name }) => name).sort());
  const isKnown = label === "__name__" || label === "le" || Object.hasOwn(fieldLabels, label);
  if (!isKnown) return success([]);
  const windows = wholeRange(call, parameters);
  const values = new Set<string>();
  const all = selections.length === 0 ? [anything] : selections;
  for (const matchers of all) {
    for (const labels of await labelSets(call, matchers, windows, [label])) {
      const value = labels[label];
      if (value !== undefined) values.add(value);
    }
  }
  return success(limited(parameters, [...values].sort()));
}

const anything: readonly Matcher[] = [{ label: "__name__", operator: "=~", value: ".+" }];

/** @throws INVALID_QUERY. */
function selectionsOf(parameters: Parameters): (readonly Matcher[])[] {
  return parameters.texts("match[]").map((text) => {
    const expression = parsePromQl(text);
    if (expression.kind === "selector") return expression.matchers;
    throw new SpanStoreError(
      "INVALID_QUERY",
      `invalid parameter 'match[]': ${JSON.stringify(text.slice(0, 60))} is no selector of series`,
      { field: "match[]" },
    );
  });
}

/** The first `limit` of them; 0 means all. @throws INVALID_QUERY. */
function limited<T>(parameters: Parameters, found: readonly T[]): readonly T[] {
  const limit = integerOf(parameters, "limit") ?? 0;
  return limit > 0 ? found.slice(0, limit) : found;
}

/** The requested range in whole minutes. */
function wholeRange({ settings }: Call, parameters: Parameters): Windows {
  const end = momentOf(parameters, "end") ?? settings.now();
  const start = momentOf(parameters, "start") ?? Math.max(0, end - defaultMillis);
  if (start > end) {
    throw new SpanStoreError("INVALID_QUERY", "parameter 'start' is after 'end'", { field: "start" });
  }
  const last = endingMinute(end + 1);
  return slidingWindows([last], last - Math.floor(start / minuteMillis));
}

async function labelSets(
  call: Call,
  matchers: readonly Matcher[],
  windows: Windows,
  needed: readonly string[] | undefined,
): Promise<Labels[]> {
  const chosen = metricsOf(matchers);
  if (chosen.length === 0) return [];
  const found = await readSeries(call, matchers, windows, needed, false);
  checkSize(found.length * chosen.length * bucketBounds.length, { times: [0] });
  const matchesLe = labelsMatcher(matchers, (label) => label === "le");
  return chosen.flatMap((metric) => found.flatMap(({ labels }) => setsOf(metric, labels))).filter(matchesLe);
}

function setsOf({ name, counts }: Metric, labels: Labels): Labels[] {
  const named = { __name__: name, ...labels };
  if (counts !== "buckets") return [named];
  return bucketBounds.map((bound) => ({ ...named, le: boundText(bound) }));
}
