import type { RejectedSpan } from "@spanstore/core";
import type { Logger } from "pino";
import type { DeadLetterFile } from "./dead-letter-file.js";
import type { Metrics } from "./metrics.js";

/** How much of one span, and of one request's spans together, the log takes. */
const maxSpanBytes = 64 * 1024;
const maxRequestBytes = 1024 * 1024;

/** Keeps the spans of one request that can never be stored. */
export type DeadLetters = (rejected: readonly RejectedSpan[]) => void;

/** Where spans were meant to go. */
export interface Destination {
  readonly tenant: string | undefined;
  readonly store: "main" | "archive";
}

/**
 * Counts such spans, and writes them whole into the file, or without one to the log by the name `dead-letter`.
 */
export function createDeadLetters(
  metrics: Metrics,
  log: Logger,
  file: DeadLetterFile | undefined,
): (destination: Destination) => DeadLetters {
  const letters = log.child({ name: "dead-letter" });

  const toFile = (
    into: DeadLetterFile,
    { encoded, reason }: RejectedSpan,
    destination: Destination,
  ): void => {
    into.append(
      JSON.stringify({
        time: new Date().toISOString(),
        reason,
        ...destination,
        span: Buffer.from(encoded.buffer, encoded.byteOffset, encoded.length).toString("base64"),
      }),
    );
  };

  const toLog = (rejected: readonly RejectedSpan[], destination: Destination): void => {
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
      letters.warn({ reason, ...destination, span, ...truncated }, "a span that cannot be stored");
    }
    if (omitted > 0) {
      letters.warn({ omitted }, "more spans of the same request that cannot be stored, not shown");
    }
  };

  return (destination) => (rejected) => {
    if (rejected.length === 0) return;
    metrics.spansRejected(rejected.length);
    if (file === undefined) toLog(rejected, destination);
    else for (const one of rejected) toFile(file, one, destination);
  };
}
