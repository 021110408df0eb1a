import { isSpanStoreError, type SpanStore, SpanStoreError } from "@spanstore/core";
import { otlpOfJaegerSpan } from "@spanstore/jaeger";
import type { UnaryMethod, UploadMethod } from "@spanstore/rpc";
import type { DeadLetters } from "../upkeep/dead-letters.js";
import type { Metrics } from "../upkeep/metrics.js";
import { createWriteGroup } from "./write-group.js";
import { spanOfRequest } from "./write-span-request.js";

/** WriteSpanResponse and CloseWriterResponse, which have no fields. */
const done = new Uint8Array(0);

/** A stream is read this far ahead of the disk, and goes on when half of these bytes are durable. */
const maxAheadBytes = 4 * 1024 * 1024;

export interface SpanWriter {
  readonly writeSpan: UnaryMethod;
  readonly writeSpanStream: UploadMethod;
  readonly close: UnaryMethod;
}

/**
 * The methods that write spans of Jaeger's model. Spans of all calls and streams share writes. A span that can never be
 * stored fails its call; in a stream it only becomes a dead letter.
 */
export function spanWriter(store: SpanStore, metrics: Metrics, deadLetters: DeadLetters): SpanWriter {
  const group = createWriteGroup(store, metrics, deadLetters);

  /** Resolves to an error when the span can never be stored. @throws INVALID_QUERY for a malformed request. */
  const write = async (request: Buffer): Promise<SpanStoreError | undefined> => {
    const { bytes, start, end } = spanOfRequest(request);
    let encoded: Uint8Array;
    try {
      encoded = otlpOfJaegerSpan(bytes, start, end);
    } catch (error) {
      const fault = faultOfSpan(error);
      deadLetters([{ encoded: bytes.subarray(start, end), reason: fault.message }]);
      return fault;
    }
    try {
      await group.write(encoded, request.length);
      return undefined;
    } catch (error) {
      return faultOfSpan(error);
    }
  };

  return {
    async writeSpan(request) {
      const fault = await write(request);
      if (fault !== undefined) throw fault;
      return done;
    },

    async writeSpanStream(requests, signal) {
      let ahead = 0;
      let failure: { readonly error: unknown } | undefined;
      let wake = (): void => {};
      const untilAtMost = async (bytes: number): Promise<void> => {
        while (ahead > bytes && !signal.aborted) {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
      };
      const wakeUp = (): void => wake();
      signal.addEventListener("abort", wakeUp, { once: true });
      try {
        for await (const { message, release } of requests) {
          ahead += message.length;
          write(message)
            .catch((error: unknown) => {
              failure ??= { error };
              // Ends the loop also while it waits for the client.
              requests.destroy();
            })
            .finally(() => {
              ahead -= message.length;
              release();
              wake();
            });
          if (ahead > maxAheadBytes) await untilAtMost(maxAheadBytes / 2);
        }
      } catch (error) {
        failure ??= { error };
      }
      await untilAtMost(0);
      if (failure !== undefined) throw failure.error;
      return done;
    },

    // Nothing to close: acknowledged spans are durable, and other clients use the store.
    close: async () => done,
  };
}

/** Returns the error when it concerns only this span; rethrows any other. */
function faultOfSpan(error: unknown): SpanStoreError {
  if (!isSpanStoreError(error) || error.code !== "INVALID_TRACES") throw error;
  const field = error.field === undefined || error.field === "span" ? "span" : `span.${error.field}`;
  return new SpanStoreError("INVALID_TRACES", error.message, { field, cause: error });
}
