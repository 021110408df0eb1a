import type { SpanStore } from "@spanstore/core";
import type { Answer } from "../../wire/answer.js";
import type { Call, Route } from "../../wire/call.js";
import { readSeries } from "../promql/evaluation/select.js";
import { signatureOf } from "../promql/labels.js";
import { type Counters, createCounters } from "./counters.js";
import { type Exemplars, newestExemplars } from "./exemplars.js";
import { exposition, openMetrics, plainText } from "./exposition.js";

/** The counters of each store, from its first scrape on. */
const countersOf = new WeakMap<SpanStore, Counters>();

const hourMinutes = 60;

const none: Exemplars = () => undefined;

/** Counters for scrapers. */
export const scrapeRoute: Route = {
  method: "GET",
  url: "/metrics/spans",
  need: "read",
  form: "jaeger",
  parameters: {},
  answer: scrape,
};

async function scrape({ store, signal, settings, header }: Call): Promise<Answer> {
  const now = settings.now();
  const counters = countersOf.get(store) ?? createCounters(settings.maxSpanSeries);
  countersOf.set(store, counters);
  const { start, end } = counters.hours(now);
  const windows = { ends: [end * hourMinutes], startOf: () => start * hourMinutes, step: hourMinutes };
  const bounded = counters.add(await readSeries({ store, signal }, [], windows, undefined, true), now);
  const isOpen = (header("accept") ?? "").includes("application/openmetrics-text");
  const exemplars = isOpen ? await newestExemplars(store, now, signal) : none;
  return {
    contentType: (isOpen ? openMetrics : plainText).contentType,
    body: exposition(bounded, isOpen ? openMetrics : plainText, (labels, bound) =>
      exemplars(signatureOf(labels), bound),
    ),
  };
}
