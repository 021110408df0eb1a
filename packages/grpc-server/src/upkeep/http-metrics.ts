import type { FinishedCall } from "@spanstore/http";
import { Counter, Histogram, type Registry } from "prom-client";

export interface HttpMetrics {
  readonly finished: (call: FinishedCall) => void;
}

const latencyBuckets = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

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
