import { isSpanStoreError, type SpanStore, SpanStoreError } from "@spanstore/core";
import { otlpOfJaegerSpan } from "@spanstore/jaeger";
import type { UnaryMethod, UploadMethod } from "@spanstore/rpc";
import type { DeadLetters } from "../upkeep/dead-letters.js";
import type { Metrics } from "../upkeep/metrics.js";
import { createWriteGroup } from "./write-group.js";
import { spanOfRequest } from "./write-span-request.js";

/** WriteSpanResponse and CloseWriterResponse, which have no fields. */
const done = new Uint8Array(0);

/** A stream is read this far ahead of the disk, and further when half of that is durable. */
const maxAheadBytes = 4 * 1024 * 1024;

export interface SpanWriter {
  readonly writeSpan: UnaryMethod;
  readonly writeSpanStream: UploadMethod;
  readonly close: UnaryMethod;
}

/**
 * The methods that write spans of Jaeger's model; those of all calls and streams share writes. A span that can
 * never be stored fails its own call, and in a stream goes to the dead letters alone.
 */
export function spanWriter(store: SpanStore, metrics: Metrics, deadLetters: DeadLetters): SpanWriter {
  const group = createWriteGroup(store, metrics, deadLetters);

  /** Resolves to the reason when the span can never be stored. @throws INVALID_QUERY for a malformed request. */
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
              // Ends a stream whose client sends nothing more, too.
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

    // Acknowledged spans are durable, and others use the store, too.
    close: async () => done,
  };
}

/** The error of this span alone; throws any other error on. */
function faultOfSpan(error: unknown): SpanStoreError {
  if (!isSpanStoreError(error) || error.code !== "INVALID_TRACES") throw error;
  const field = error.field === undefined || error.field === "span" ? "span" : `span.${error.field}`;
  return new SpanStoreError("INVALID_TRACES", error.message, { field, cause: error });
}
