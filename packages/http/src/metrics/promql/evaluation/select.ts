import {
  and,
  type FilterCall,
  type MetricSeries,
  resource,
  type SpanKind,
  type StatusCode,
  span,
} from "@spanstore/core";
import { latencySum } from "@spanstore/core/engine";
import { latenciesOf, milliNanos } from "../../latencies.js";
import {
  dailyWindows,
  endingMinute,
  minuteMillis,
  readMinutes,
  slidingWindows,
  sumsOf,
  type Windows,
} from "../../minutes.js";
import { type Labels, labelsMatcher } from "../labels.js";
import { fieldLabels, labelsOfFields, type Metric, metrics } from "../metrics.js";
import type { Matcher, Selector } from "../syntax/ast.js";
import { textsOfPattern } from "../syntax/pattern.js";
import { checkSize, type Evaluation } from "./context.js";
import { countedOut } from "./histograms.js";
import type { Buckets, Series, Vector } from "./values.js";

/** How the counters of a selector are read. */
export type Reading = "counter" | "rate" | "increase" | "irate";

/** @param needed the labels that the answer needs; undefined: all. Series that differ in other labels may be summed. */
export async function select(
  selector: Selector,
  reading: Reading,
  needed: readonly string[] | undefined,
  evaluation: Evaluation,
): Promise<Vector | Buckets> {
  const ends = evaluation.times.map((time) => Math.max(0, endingMinute(time - selector.offset)));
  const { windows, scale } = windowsOf(selector, reading, ends);
  const chosen = metricsOf(selector.matchers);
  if (chosen.length === 0) return { type: "vector", series: [] };
  const needsLatencies = chosen.some(({ counts }) => counts !== "calls");
  const found = await readSeries(evaluation, selector.matchers, windows, needed, needsLatencies);
  const named = (labels: Labels, { name }: Metric): Labels =>
    reading === "counter" ? { __name__: name, ...labels } : labels;
  const ofMetric = async (metric: Metric): Promise<Vector | Buckets> => {
    const own = found.map(({ labels, points }) => ({ labels: named(labels, metric), points }));
    if (metric.counts === "buckets") return { type: "buckets", windows, ends, scale, series: own };
    checkSize(own.length, evaluation);
    const series: Series[] = [];
    for (const { labels, points } of own) {
      const values = valuesOf(metric, windows, points);
      series.push({ labels, points: ends.map((end) => scale(values.get(end) ?? 0)) });
      await evaluation.turns();
    }
    return { type: "vector", series };
  };
  const matchesLe = labelsMatcher(selector.matchers, (label) => label === "le");
  const asksForLe = selector.matchers.some(({ label }) => label === "le");
  const [only, second] = chosen;
  if (only !== undefined && second === undefined && !asksForLe) return ofMetric(only);
  const all: Series[] = [];
  for (const metric of chosen) {
    const vector = await countedOut(await ofMetric(metric), evaluation);
    for (const each of vector.series) if (matchesLe(each.labels)) all.push(each);
  }
  return { type: "vector", series: all };
}

function windowsOf(
  { range = 0 }: Selector,
  reading: Reading,
  ends: readonly number[],
): { windows: Windows; scale: Buckets["scale"] } {
  if (reading === "counter") return { windows: dailyWindows(ends), scale: (count) => count };
  const minutes = reading === "irate" ? 1 : Math.ceil(range / minuteMillis);
  const windows = slidingWindows(ends, minutes);
  const scale: Buckets["scale"] =
    reading === "increase"
      ? (count) => (count * range) / (minutes * minuteMillis)
      : (count) => count / (minutes * 60);
  return { windows, scale };
}

function valuesOf(
  { counts }: Metric,
  windows: Windows,
  points: MetricSeries["points"],
): ReadonlyMap<number, number> {
  if (counts === "calls") return sumsOf(windows, points, ({ calls }) => calls);
  return latenciesOf(windows, points, (histogram) => latencySum(histogram) / milliNanos);
}

/** The metrics whose names match. */
export function metricsOf(matchers: readonly Matcher[]): readonly Metric[] {
  const matches = labelsMatcher(matchers, (label) => label === "__name__");
  return metrics.filter(({ name }) => matches({ __name__: name }));
}

/** Reads the series that match, with the needed labels. */
export async function readSeries(
  { store, signal }: Pick<Evaluation, "store" | "signal">,
  matchers: readonly Matcher[],
  windows: Windows,
  needed: readonly string[] | undefined,
  latencies: boolean,
): Promise<{ readonly labels: Labels; readonly points: MetricSeries["points"] }[]> {
  const filters = matchers.map(filterOf);
  const left = matchers.filter((_, i) => filters[i] === undefined).map(({ label }) => label);
  const names = Object.keys(fieldLabels).filter(
    (name) => needed === undefined || needed.includes(name) || left.includes(name),
  );
  const given = filters.filter((each) => each !== undefined);
  const question = {
    windows,
    groupBy: names.map((name) => (fieldLabels[name] as { field: string }).field),
    filter: given.length === 0 ? undefined : and(...given),
    latencies,
  };
  const matches = labelsMatcher(
    matchers,
    (label) => label !== "__name__" && label !== "le" && (names.includes(label) || left.includes(label)),
  );
  return (await readMinutes(store, question, signal))
    .map(({ labels, points }) => ({ labels: labelsOfFields(names, labels), points }))
    .filter(({ labels }) => matches(labels));
}

type Kind = keyof typeof SpanKind;
type Status = keyof typeof StatusCode;

/** The filter with the meaning of a matcher; undefined when rollups cannot answer it. */
function filterOf({ label, operator, value }: Matcher): FilterCall | undefined {
  const known = Object.hasOwn(fieldLabels, label) ? fieldLabels[label] : undefined;
  const texts = operator === "=" ? [value] : operator === "=~" ? textsOfPattern(value) : undefined;
  if (known === undefined || texts === undefined) return undefined;
  const words = texts.map(known.read).filter((word) => word !== undefined);
  if (words.length !== texts.length) return undefined;
  switch (known.field) {
    case "service":
      return resource.service.in(words);
    case "operation":
      return span.name.in(words);
    case "kind":
      return span.kind.in(words as Kind[]);
    default:
      return span.status.in(words as Status[]);
  }
}
