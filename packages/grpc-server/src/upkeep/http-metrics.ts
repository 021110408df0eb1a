import type { FinishedCall } from "@spanstore/http";
import { Counter, Histogram, type Registry } from "prom-client";
import { latencyBuckets } from "./metrics.js";

export interface HttpMetrics {
  readonly finished: (call: FinishedCall) => void;
}

/** The metrics of calls over HTTP. */
export function createHttpMetrics(registry: Registry): HttpMetrics {
  const registers = [registry];
  const requests = new Counter({
    name: "spanstore_http_requests_total",
    help: "Finished HTTP calls by method, route and status; 499: the client left.",
    labelNames: ["method", "route", "status"],
    registers,
  });
  const seconds = new Histogram({
    name: "spanstore_http_request_seconds",
    help: "Time from a call's headers to the end of its answer.",
    labelNames: ["method", "route"],
    buckets: latencyBuckets,
    registers,
  });
  return {
    finished: (call) => {
      const { method, route, status } = call;
      requests.inc({ method, route, status: String(status) });
      seconds.observe({ method, route }, call.seconds);
    },
  };
}
