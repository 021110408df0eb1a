import { type SpanStore, SpanStoreError } from "@spanstore/core";
import { encodeTraces } from "@spanstore/core/otlp";
import type { ReadableSpan } from "./readable-span.js";
import { tracesOfReadableSpans } from "./traces-of-spans.js";
import { createWriteQueue } from "./write-queue.js";

/** The SDK's ExportResult. `code` is its ExportResultCode: 0 for success, 1 for failure. */
export interface ExportResult {
  code: number;
  error?: Error;
}

/** Implements the `SpanExporter` of the SDK's versions 2 and 3. */
export interface SpanStoreExporter {
  /**
   * Writes spans and reports when they are durable. Spans exported during a write are written together after it, in order; each
   * call gets its own result.
   */
  export(spans: ReadableSpan[], resultCallback: (result: ExportResult) => void): void;
  /** Resolves when all earlier exports have succeeded or failed. */
  forceFlush(): Promise<void>;
  /** Like `forceFlush`; later exports fail. The store stays open: the caller owns it. */
  shutdown(): Promise<void>;
}

export interface SpanStoreExporterOptions {
  /**
   * Milliseconds that a write may take, including retries while the store is unavailable or overloaded. Default: 10,000, as in
   * the OTLP exporters.
   */
  readonly timeoutMillis?: number | undefined;
  /** Encoded bytes that may wait for the store; exports beyond that fail. Default: 64 MiB. */
  readonly maxWaitingBytes?: number | undefined;
}

const success = 0;
const failed = 1;

/**
 * Creates an exporter for the SDK's span processors that writes into a store.
 * @throws INVALID_OPTIONS for an option that is no positive number.
 */
export function createSpanStoreExporter(
  store: Pick<SpanStore, "write">,
  { timeoutMillis = 10_000, maxWaitingBytes = 64 * 1024 * 1024 }: SpanStoreExporterOptions = {},
): SpanStoreExporter {
  checkPositive("timeoutMillis", timeoutMillis);
  checkPositive("maxWaitingBytes", maxWaitingBytes);
  const queue = createWriteQueue({ store, timeoutMillis, maxWaitingBytes });
  let isShutDown = false;

  const write = async (spans: readonly ReadableSpan[]): Promise<void> => {
    if (isShutDown) throw new SpanStoreError("STORE_CLOSED", "the exporter was shut down before the export");
    if (spans.length === 0) return;
    await queue.write(encodeTraces(tracesOfReadableSpans(spans)));
  };
  return {
    export(spans, resultCallback) {
      write(spans).then(
        () => resultCallback({ code: success }),
        (error: unknown) => resultCallback({ code: failed, error: asError(error) }),
      );
    },
    forceFlush: queue.settled,
    shutdown() {
      isShutDown = true;
      return queue.settled();
    },
  };
}

function checkPositive(field: string, value: number): void {
  if (value > 0 && Number.isFinite(value)) return;
  throw new SpanStoreError("INVALID_OPTIONS", `${field} must be a positive number`, { field });
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
