import type { RejectedSpan } from "@spanstore/core";
import type { Logger } from "pino";
import type { Metrics } from "./metrics.js";

/** How much of one span, and of one request's spans together, the log takes. */
const maxSpanBytes = 64 * 1024;
const maxRequestBytes = 1024 * 1024;

/** Keeps the spans of one request that can never be stored. */
export type DeadLetters = (rejected: readonly RejectedSpan[]) => void;

/** Counts such spans, and logs them by the name `dead-letter`. */
export function createDeadLetters(metrics: Metrics, log: Logger): DeadLetters {
  const letters = log.child({ name: "dead-letter" });
  return (rejected) => {
    if (rejected.length === 0) return;
    metrics.spansRejected(rejected.length);
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
      letters.warn({ reason, span, ...truncated }, "a span that cannot be stored");
    }
    if (omitted > 0) {
      letters.warn({ omitted }, "more spans of the same request that cannot be stored, not shown");
    }
  };
}
