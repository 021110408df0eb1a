import { latencyQuantile, type MetricSeries, SpanStoreError } from "@spanstore/core";
import { prettyParameter, structured } from "../../query/answers.js";
import type { Answer } from "../../wire/answer.js";
import type { Call, Route } from "../../wire/call.js";
import { latenciesOf, milliNanos } from "../latencies.js";
import { sumsOf } from "../minutes.js";
import { familyAnswer } from "./family.js";
import { type MetricQuestion, questionOf, questionParameters, readQuestion } from "./question.js";

const route = { method: "GET", need: "read", form: "jaeger" } as const;
/** Jaeger's UI sends `quantile` with every metric. */
const parameters = { ...prettyParameter, ...questionParameters, quantile: "once" } as const;

/** Rates, errors and latencies as the Monitor tab of Jaeger's UI asks for them. */
export const metricRoutes: readonly Route[] = [
  { ...route, url: "/api/metrics/calls", parameters, answer: calls },
  { ...route, url: "/api/metrics/errors", parameters, answer: errors },
  { ...route, url: "/api/metrics/latencies", parameters, answer: latencies },
  // Jaeger 1's UI asks for the smallest step. The answer is Jaeger's with Prometheus.
  {
    ...route,
    url: "/api/metrics/minstep",
    parameters: prettyParameter,
    answer: (call) => structured(call, 1, 0),
  },
];

async function calls(call: Call): Promise<Answer> {
  const name = { name: "service_call_rate", help: "calls/sec, grouped by service" };
  return answerWith(call, questionOf(call), name, false, ({ points }, { windows, seconds }) => {
    const sums = sumsOf(windows, points, (point) => point.calls);
    return (end) => (sums.get(end) ?? 0) / seconds;
  });
}

async function errors(call: Call): Promise<Answer> {
  const name = {
    name: "service_error_rate",
    help: "error rate, computed as a fraction of errors/sec over calls/sec, grouped by service",
  };
  return answerWith(call, questionOf(call), name, false, ({ points }, { windows }) => {
    if (points.every((point) => point.errors === 0)) return () => 0;
    const failed = sumsOf(windows, points, (point) => point.errors);
    const all = sumsOf(windows, points, (point) => point.calls);
    return (end) => (failed.get(end) ?? 0) / (all.get(end) ?? 0);
  });
}

async function latencies(call: Call): Promise<Answer> {
  const quantile = quantileOf(call.parameters.text("quantile"));
  const name = {
    name: "service_latencies",
    help: `${quantile.toFixed(2)}th quantile latency, grouped by service`,
  };
  return answerWith(call, questionOf(call), name, true, ({ points }, { windows }) => {
    const nanos = latenciesOf(windows, points, (histogram) => latencyQuantile(histogram, quantile));
    return (end) => (nanos.get(end) ?? Number.NaN) / milliNanos;
  });
}

/** The value of a series for each point, by the minute that ends its window. */
type ValuesOf = (series: MetricSeries, question: MetricQuestion) => (end: number) => number;

async function answerWith(
  call: Call,
  question: MetricQuestion,
  name: { readonly name: string; readonly help: string },
  latencies: boolean,
  valuesOf: ValuesOf,
): Promise<Answer> {
  const found = await readQuestion(call.store, question, latencies, call.signal);
  const series = found.map((each) => ({ labels: each.labels, valueAt: valuesOf(each, question) }));
  return familyAnswer(call, question, name, series);
}

/** @throws INVALID_QUERY. */
function quantileOf(text = ""): number {
  const quantile = Number(text);
  if (text !== "" && quantile >= 0 && quantile <= 1) return quantile;
  throw new SpanStoreError(
    "INVALID_QUERY",
    `unable to parse param 'quantile': ${JSON.stringify(text.slice(0, 60))} is not a number from 0 to 1`,
    { field: "quantile" },
  );
}
