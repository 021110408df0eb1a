import { SpanStoreError } from "@spanstore/core";
import type { Route } from "../wire/call.js";

const parameters = {
  service: "often",
  spanKind: "often",
  quantile: "once",
  groupByOperation: "once",
  endTs: "once",
  lookback: "once",
  step: "once",
  ratePer: "once",
  prettyPrint: "once",
} as const;

/** Jaeger's UI asks for them, and shows what they answer. */
export const metricRoutes: readonly Route[] = ["latencies", "calls", "errors", "minstep"].map((name) => ({
  method: "GET",
  url: `/api/metrics/${name}`,
  need: "read",
  form: "jaeger",
  parameters,
  answer: () => {
    throw new SpanStoreError("UNSUPPORTED", "metrics querying is currently disabled");
  },
}));
