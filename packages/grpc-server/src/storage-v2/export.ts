import type { SpanStore } from "@spanstore/core";
import type { UnaryMethod } from "../rpc/calls.js";
import type { DeadLetters } from "../upkeep/dead-letters.js";
import type { Metrics } from "../upkeep/metrics.js";

/** An ExportTraceServiceResponse without fields. */
const done = new Uint8Array(0);

/**
 * OTLP's TraceService. The call returns when the spans are durable. Spans that can never be stored
 * go to the dead letters and do not fail the others; `partial_success` is never used, because
 * Jaeger throws it away.
 */
export function traceService(
  store: SpanStore,
  metrics: Metrics,
  deadLetters: DeadLetters,
): Record<string, UnaryMethod> {
  return {
    async Export(request, signal) {
      const { length } = request;
      const { accepted, rejected } = await store.write(request, { signal, handOver: true });
      metrics.spansWritten(accepted, length);
      deadLetters(rejected);
      return done;
    },
  };
}
