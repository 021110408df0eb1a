import type { RejectedSpan, SpanStore } from "@spanstore/core";
import type { Logger } from "pino";
import type { UnaryMethod } from "../calls.js";
import type { Metrics } from "../metrics.js";

/** An ExportTraceServiceResponse without fields. */
const done = new Uint8Array(0);

/** How much of one span, and of one request's spans together, a dead-letter log takes. */
const maxSpanBytes = 64 * 1024;
const maxRequestBytes = 1024 * 1024;

/**
 * OTLP's TraceService. The call returns when the spans are durable. Spans that can never be stored
 * go to the dead-letter log and do not fail the others; `partial_success` is never used, because
 * Jaeger throws it away.
 */
export function traceService(store: SpanStore, metrics: Metrics, log: Logger): Record<string, UnaryMethod> {
  const deadLetters = log.child({ name: "dead-letter" });
  return {
    async Export(request, signal) {
      const { length } = request;
      const { accepted, rejected } = await store.write(request, { signal, handOver: true });
      metrics.spansWritten(accepted, length);
      if (rejected.length > 0) {
        metrics.spansRejected(rejected.length);
        keep(rejected, deadLetters);
      }
      return done;
    },
  };
}

function keep(rejected: readonly RejectedSpan[], deadLetters: Logger): void {
  let room = maxRequestBytes;
  let omitted = 0;
  for (const { encoded, reason } of rejected) {
    const size = Math.min(encoded.length, maxSpanBytes);
    if (size > room) {
      omitted++;
      continue;
    }
    room -= size;
    const span = Buffer.from(encoded.buffer, encoded.byteOffset, size).toString("base64");
    const truncated = size < encoded.length ? { truncatedFrom: encoded.length } : {};
    deadLetters.warn({ reason, span, ...truncated }, "a span that cannot be stored");
  }
  if (omitted > 0) {
    deadLetters.warn({ omitted }, "more spans of the same request that cannot be stored, not shown");
  }
}
