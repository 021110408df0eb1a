import { SpanStoreError } from "@spanstore/core";
import { createTurns } from "@spanstore/core/engine";
import type { Answer } from "../../wire/answer.js";
import type { Call, Route } from "../../wire/call.js";
import type { ParameterNames } from "../../wire/parameters.js";
import { evaluate } from "../promql/evaluation/evaluate.js";
import { metadata } from "../promql/metrics.js";
import type { Expression } from "../promql/syntax/ast.js";
import { parsePromQl } from "../promql/syntax/parse.js";
import { stepsBetween } from "../steps.js";
import { instantAnswer, rangeAnswer, success } from "./answers.js";
import { labelNames, labelValues, series, seriesParameters } from "./names.js";
import { formOf, lengthOf, momentOf, passedOver, required } from "./parameters.js";

const instantParameters = { ...passedOver, query: "once", time: "once" } as const;
const rangeParameters = { ...passedOver, query: "once", start: "once", end: "once", step: "once" } as const;

const route = { need: "read", form: "prometheus" } as const;

function getOrPost(url: string, parameters: ParameterNames, answer: Route["answer"]): readonly Route[] {
  return (["GET", "POST"] as const).map((method) => ({ ...route, method, url, parameters, answer }));
}

/** The part of Prometheus's HTTP API that Jaeger 2 and Grafana use, over metrics of the stored spans. */
export const prometheusRoutes: readonly Route[] = [
  ...getOrPost("/api/v1/query", instantParameters, instant),
  ...getOrPost("/api/v1/query_range", rangeParameters, range),
  ...getOrPost("/api/v1/series", seriesParameters, series),
  ...getOrPost("/api/v1/labels", seriesParameters, labelNames),
  {
    ...route,
    method: "GET",
    url: "/api/v1/label/:name/values",
    parameters: seriesParameters,
    answer: labelValues,
  },
  {
    ...route,
    method: "GET",
    url: "/api/v1/metadata",
    parameters: { ...passedOver, limit_per_metric: "once", metric: "once" },
    answer: metadataOf,
  },
  {
    ...route,
    method: "GET",
    url: "/api/v1/status/buildinfo",
    parameters: {},
    // Grafana asks for the version to see what it may send.
    answer: () =>
      success({ version: "2.55.0", revision: "", branch: "", buildUser: "", buildDate: "", goVersion: "" }),
  },
];

async function instant(call: Call): Promise<Answer> {
  const parameters = await formOf(call, instantParameters);
  const expression = parsePromQl(required("query", parameters.text("query")));
  const time = momentOf(parameters, "time") ?? call.settings.now();
  const value = await evaluate(expression, evaluation(call, [time]));
  return instantAnswer(value, time, isOrdered(expression));
}

function isOrdered(expression: Expression): boolean {
  return (
    (expression.kind === "call" || expression.kind === "aggregation") &&
    ["sort", "sort_desc", "topk", "bottomk"].includes(expression.name)
  );
}

async function range(call: Call): Promise<Answer> {
  const parameters = await formOf(call, rangeParameters);
  const expression = parsePromQl(required("query", parameters.text("query")));
  const start = required("start", momentOf(parameters, "start"));
  const end = required("end", momentOf(parameters, "end"));
  const step = required("step", lengthOf(parameters, "step"));
  if (end < start)
    throw new SpanStoreError("INVALID_QUERY", "parameter 'end' is before 'start'", { field: "end" });
  const times = stepsBetween(start, end, step);
  const value = await evaluate(expression, evaluation(call, times));
  if (value.type !== "text") return rangeAnswer(value, times);
  throw new SpanStoreError("INVALID_QUERY", "query: a text has no range", { field: "query" });
}

function evaluation({ store, signal }: Call, times: readonly number[]) {
  return { store, signal, times, turns: createTurns() };
}

function metadataOf({ parameters }: Call): Answer {
  const asked = parameters.text("metric");
  const entries = Object.entries(metadata).filter(([name]) => asked === undefined || name === asked);
  return success(Object.fromEntries(entries.map(([name, about]) => [name, [about]])));
}
