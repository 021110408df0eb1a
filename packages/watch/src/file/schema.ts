import { isSpanStoreError, parseTraceQl } from "@spanstore/core";
import {
  isAnsweredByRollups,
  metricLabelsOf,
  resolveFilter,
  searchOfMetricsQuery,
} from "@spanstore/core/engine";
import { parseTimeSpan } from "@spanstore/core/text";
import { z } from "zod";
import { labelNameOf, placeholdersOf } from "./labels.js";
import type { Metric, Watch } from "./watch-file.js";

const minuteMillis = 60_000;
const nanosPerMilli = 1_000_000;
const maxWatches = 1000;
/** Placeholders of annotations beside the names of labels. */
const ownPlaceholders = ["value", "matches", "traceId"];

type Context = z.core.$RefinementCtx;

function refuse(context: Context, message: string, path: readonly PropertyKey[] = []): never {
  context.addIssue({ code: "custom", message, path: [...path] });
  return z.NEVER;
}

const url = z
  .string("must be a URL, for example http://localhost:9093")
  .refine(
    (text) => /^https?:$/.test(URL.parse(text)?.protocol ?? ""),
    "must be a URL, for example http://localhost:9093",
  );
const urls = z
  .union(
    [url.transform((one) => [one]), z.array(url)],
    "must be a URL or a list of URLs, for example http://localhost:9093",
  )
  .default([]);

function timeSpan(least: number, most: number, allowed: string) {
  return z.union([z.string(), z.number()], `must be ${allowed}`).transform((given, context) => {
    const nanos = parseTimeSpan(String(given));
    const millis = nanos === undefined ? Number.NaN : Number(nanos) / nanosPerMilli;
    return millis >= least && millis <= most ? millis : refuse(context, `must be ${allowed}`);
  });
}

const day = 86_400_000;
const keepFiring = timeSpan(1000, 7 * day, "a length of time from 1s to 7d, for example 5m");
const pending = timeSpan(0, 7 * day, "a length of time up to 7d, for example 2m");
const over = timeSpan(minuteMillis, day, "whole minutes from 1m to 1d, for example 5m").refine(
  (millis) => millis % minuteMillis === 0,
  "must be whole minutes from 1m to 1d, for example 5m",
);

const labelName = /^[a-zA-Z_][a-zA-Z0-9_]*$/;
const texts = z.record(
  z.string().regex(labelName, "must have letters, digits and underscores, and begin with no digit"),
  z.union([z.string(), z.number().transform(String), z.boolean().transform(String)], "must be a text"),
);

const filter = z
  .string("must be a filter of TraceQL, for example { status = error }")
  .transform((text, context) => {
    try {
      const parsed = parseTraceQl(text, "filter");
      resolveFilter(parsed);
      return parsed;
    } catch (error) {
      return refuse(context, textOf(error));
    }
  });

const metricWords = "calls, errors, rate, error_ratio, or a quantile of the latency such as p99";
const metric = z.string(`must be ${metricWords}`).transform((text, context): Metric => {
  if (text === "calls" || text === "errors" || text === "rate" || text === "error_ratio")
    return { kind: text };
  const [, percent] = /^p(\d{1,2}(?:\.\d{1,3})?)$/.exec(text) ?? [];
  return percent === undefined
    ? refuse(context, `must be ${metricWords}`)
    : { kind: "latency", quantile: Number(percent) / 100 };
});

const shape = z
  .strictObject({
    name: z.string("must be a text").min(1, "must not be empty").max(200, "must have at most 200 characters"),
    tenant: z.string("must be the name of a tenant").min(1, "must not be empty").optional(),
    filter: filter.optional(),
    by: z.array(z.string("must be a text"), "must be a list, for example [service, operation]").optional(),
    labels: texts.default({}),
    annotations: texts.default({}),
    keep_firing: keepFiring.optional(),
    metric: metric.optional(),
    over: over.optional(),
    above: z.union([z.number(), z.string()], "must be a number, a percentage or a length of time").optional(),
    below: z.union([z.number(), z.string()], "must be a number, a percentage or a length of time").optional(),
    for: pending.optional(),
  })
  .transform((given, context): Watch => {
    const { name, tenant, labels, annotations } = given;
    const by = given.by ?? ["service"];
    const fixed = Object.keys(labels);
    const own = by.map(labelNameOf);
    try {
      metricLabelsOf(by, "by");
    } catch (error) {
      return refuseLabel(context, error);
    }
    const taken = ["alertname", "tenant", ...own, ...fixed];
    const twice = taken.find((label, i) => taken.indexOf(label) !== i);
    if (twice !== undefined) return refuse(context, `gives the label ${twice} a second time`, ["labels"]);
    const known = [...taken, ...ownPlaceholders];
    for (const [key, text] of Object.entries(annotations)) {
      const unknown = placeholdersOf(text).find((each) => !known.includes(each));
      if (unknown !== undefined)
        return refuse(context, `has {{ ${unknown} }}; allowed are ${known.join(", ")}`, ["annotations", key]);
    }
    const base = { name, tenant, by, labels, annotations };
    if (given.metric === undefined) {
      const stray = (["over", "above", "below", "for"] as const).find((key) => given[key] !== undefined);
      if (stray !== undefined) return refuse(context, "needs a metric beside it", [stray]);
      if (given.filter === undefined)
        return refuse(context, "needs a filter, or a metric with above or below");
      return {
        ...base,
        kind: "spans",
        filter: given.filter,
        keepFiringMillis: given.keep_firing ?? 5 * minuteMillis,
      };
    }
    if (given.keep_firing !== undefined)
      return refuse(context, "is of watches without a metric; say for", ["keep_firing"]);
    const { above, below } = given;
    if ((above === undefined) === (below === undefined))
      return refuse(context, "needs one of above and below beside the metric");
    const comparison = above === undefined ? "below" : "above";
    const threshold = thresholdOf(given.metric, (above ?? below) as string | number);
    if (typeof threshold === "string") return refuse(context, threshold, [comparison]);
    const overMinutes = (given.over ?? 5 * minuteMillis) / minuteMillis;
    const question = { startTimeUnixNano: 0n, endTimeUnixNano: 60_000_000_000n, groupBy: by };
    const asked = given.filter === undefined ? question : { ...question, filter: given.filter };
    if (!isAnsweredByRollups(searchOfMetricsQuery(asked))) {
      return refuse(
        context,
        "and by of a metric read service, operation (name), kind and status alone, which are counted by the minute",
        given.filter === undefined ? ["by"] : ["filter"],
      );
    }
    return {
      ...base,
      kind: "metric",
      metric: given.metric,
      filter: given.filter,
      overMinutes,
      comparison,
      threshold,
      forMillis: given.for ?? 0,
    };
  });

export const fileSchema = z.strictObject({
  alertmanager: urls,
  webhook: urls,
  link: z
    .string("must be a URL with {traceId} in it")
    .refine((text) => text.includes("{traceId}") && URL.canParse(text), "must be a URL with {traceId} in it")
    .optional(),
  watches: z
    .array(shape, "must be a list of watches")
    .max(maxWatches, `must have at most ${maxWatches} watches`)
    .superRefine((watches, context) => {
      for (const [i, { name }] of watches.entries()) {
        if (watches.findIndex((other) => other?.name === name) < i)
          refuse(context, "is the name of an earlier watch", [i, "name"]);
      }
    }),
});

function refuseLabel(context: Context, error: unknown): never {
  if (!isSpanStoreError(error)) throw error;
  const [, index] = /^by\[(\d+)\]$/.exec(error.field ?? "") ?? [];
  if (index === undefined) return refuse(context, error.message.replace(/^by /, ""), ["by"]);
  const allowed = error.hint ?? "each may stand once";
  return refuse(context, `is no label; ${allowed}`, ["by", Number(index)]);
}

/** The threshold in the metric's unit, or what is allowed. */
function thresholdOf(metric: Metric, given: string | number): number | string {
  if (metric.kind === "latency") {
    const nanos = typeof given === "string" ? parseTimeSpan(given) : undefined;
    return nanos !== undefined && nanos >= 0n ? Number(nanos) : "must be a length of time, for example 800ms";
  }
  const number = typeof given === "number" ? given : numberOf(given, metric.kind === "error_ratio");
  if (metric.kind === "error_ratio")
    return number >= 0 && number <= 1
      ? number
      : "must be a ratio from 0 to 1, or a percentage, for example 5%";
  return number >= 0 && Number.isFinite(number) ? number : "must be a number from 0 on";
}

function numberOf(text: string, mayBePercent: boolean): number {
  const [, digits, percent] = /^(\d+(?:\.\d+)?)\s*(%?)$/.exec(text.trim()) ?? [];
  if (digits === undefined || (percent === "%" && !mayBePercent)) return Number.NaN;
  return percent === "%" ? Number(digits) / 100 : Number(digits);
}

function textOf(error: unknown): string {
  if (isSpanStoreError(error))
    return error.hint === undefined ? error.message : `${error.message} (${error.hint})`;
  throw error;
}
