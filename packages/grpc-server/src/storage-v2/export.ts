import { encodeExportResponse, partialSuccessOf } from "@spanstore/client/wire";
import type { SpanStore, WriteResult } from "@spanstore/core";
import type { UnaryMethod } from "@spanstore/rpc";
import type { DeadLetters } from "../upkeep/dead-letters.js";
import type { Metrics } from "../upkeep/metrics.js";

/** An ExportTraceServiceResponse without fields. */
const done = new Uint8Array(0);

/** Writes an encoded ExportTraceServiceRequest, and may keep its bytes. Resolves when the spans are durable. */
export type ExportTraces = (request: Buffer, signal: AbortSignal) => Promise<WriteResult>;

/** Spans that can never be stored become dead letters and do not fail the others. */
export function exportTraces(store: SpanStore, metrics: Metrics, deadLetters: DeadLetters): ExportTraces {
  return async (request, signal) => {
    const { length } = request;
    const result = await store.write(request, { signal, handOver: true });
    metrics.spansWritten(result.accepted, length);
    deadLetters(result.rejected);
    return result;
  };
}

/**
 * OTLP's TraceService. `partial_success` has the number of dead letters and their reasons. Jaeger ignores it; other senders
 * log it.
 */
export function traceService(write: ExportTraces): Record<string, UnaryMethod> {
  return {
    async Export(request, signal) {
      const { rejected } = await write(request, signal);
      const partial = partialSuccessOf(
        rejected.length,
        rejected.map(({ reason }) => reason),
      );
      return partial === undefined ? done : encodeExportResponse(partial);
    },
  };
}
