import type { SpanStore } from "@spanstore/core";
import type { Services } from "@spanstore/rpc";
import type { DeadLetters } from "../upkeep/dead-letters.js";
import type { Metrics } from "../upkeep/metrics.js";
import { capabilities } from "./capabilities.js";
import { dependencyReader } from "./dependency-reader.js";
import { exportTraces, traceService } from "./export.js";
import { traceReader } from "./trace-reader.js";

/** OTLP's TraceService and jaeger.storage.v2 over a store. */
export function storageV2(store: SpanStore, metrics: Metrics, deadLetters: DeadLetters): Services {
  return {
    "opentelemetry.proto.collector.trace.v1.TraceService": {
      unary: traceService(exportTraces(store, metrics, deadLetters)),
    },
    "jaeger.storage.v2.TraceReader": traceReader(store),
    "jaeger.storage.v2.DependencyReader": { unary: dependencyReader(store, "jaeger.storage.v2") },
    "jaeger.storage.v2.Capabilities": { unary: capabilities(store) },
  };
}
