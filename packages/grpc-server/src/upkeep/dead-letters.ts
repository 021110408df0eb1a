import type { RejectedSpan } from "@spanstore/core";
import type { Logger } from "pino";
import type { DeadLetterFile } from "./dead-letter-file.js";
import type { Metrics } from "./metrics.js";

/** The bounds of a span and of its reason in the log. */
const maxSpanBytes = 256;
const maxReasonLength = 500;
/** The most logged spans of one request. */
const maxLogged = 10;

/** Records the spans of one request that can never be stored. */
export type DeadLetters = (rejected: readonly RejectedSpan[]) => void;

/** The store to which spans were sent. */
export interface Destination {
  readonly tenant: string | undefined;
  readonly store: "main" | "archive";
}

/**
 * Counts such spans, and writes them whole to the file. Without a file the log, with the name `dead-letter`, shows their
 * size and their first bytes.
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
    for (const { encoded, reason } of rejected.slice(0, maxLogged)) {
      const begin = encoded.subarray(0, maxSpanBytes);
      letters.warn(
        {
          reason: reason.length > maxReasonLength ? `${reason.slice(0, maxReasonLength)}...` : reason,
          ...destination,
          bytes: encoded.length,
          begin: Buffer.from(begin.buffer, begin.byteOffset, begin.length).toString("base64"),
        },
        "a span cannot be stored; --dead-letters.file=FILE keeps such spans whole",
      );
    }
    const omitted = rejected.length - maxLogged;
    if (omitted > 0) letters.warn({ omitted }, "more spans of the same request cannot be stored");
  };

  return (destination) => (rejected) => {
    if (rejected.length === 0) return;
    metrics.spansRejected(rejected.length);
    if (file === undefined) toLog(rejected, destination);
    else for (const one of rejected) toFile(file, one, destination);
  };
}
