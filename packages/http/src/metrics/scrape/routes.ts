import type { SpanStore } from "@spanstore/core";
import type { Answer } from "../../wire/answer.js";
import type { Call, Route } from "../../wire/call.js";
import { dailyWindows, endingMinute } from "../minutes.js";
import { readSeries } from "../promql/evaluation/select.js";
import { signatureOf } from "../promql/labels.js";
import { type Exemplars, newestExemplars } from "./exemplars.js";
import { exposition, openMetrics, plainText } from "./exposition.js";
import { type Admitted, boundedSeries } from "./series.js";

/** What was admitted of each store, so that a series that was shown stays one. */
const admittedOf = new WeakMap<SpanStore, Admitted>();

const none: Exemplars = () => undefined;

/** The counters of `/api/v1`, for those who scrape. */
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
  const admitted = admittedOf.get(store) ?? new Set();
  admittedOf.set(store, admitted);
  const found = await readSeries({ store, signal }, [], dailyWindows([endingMinute(now)]), undefined);
  const bounded = boundedSeries(found, admitted, settings.maxSpanSeries);
  const isOpen = (header("accept") ?? "").includes("application/openmetrics-text");
  const exemplars = isOpen ? await newestExemplars(store, now, signal) : none;
  return {
    contentType: (isOpen ? openMetrics : plainText).contentType,
    body: exposition(bounded, isOpen ? openMetrics : plainText, (labels, bound) =>
      exemplars(signatureOf(labels), bound),
    ),
  };
}
