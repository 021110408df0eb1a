import type { RejectedSpan, SpanStore } from "@spanstore/core";
import { messageOf, throwIfAborted } from "@spanstore/core/engine";
import { createPatience, patienceMillis } from "./patience.js";

/** A request closes at this many bytes or spans. */
const batchBytes = 1024 * 1024;
const batchSpans = 2000;
/** The most writes at once: a store joins them, and reading goes on meanwhile. */
const maxUnderWay = 4;

export interface SpanWriter {
  /**
   * Takes encoded OTLP of `spans` spans; resolves when more may come. Only the order of the spans decides the requests, so
   * that writing them again makes the same requests.
   * @throws the error of a write, of these spans or of earlier ones.
   */
  add(encoded: Uint8Array, spans: number): Promise<void>;
  /** Resolves when all spans so far are durable; more may come after. */
  finish(): Promise<void>;
}

export interface SpanWriterOptions {
  readonly signal: AbortSignal;
  /** Called with the number of spans that became durable. */
  readonly written: (spans: number) => void;
  /** Called with spans that can never be stored, and the request that contained them. */
  readonly rejected: (spans: readonly RejectedSpan[], encoded: Uint8Array) => void;
  /** Called when the store does not accept spans now and is asked again. */
  readonly waiting: (reason: string) => void;
}

/** Writes spans in batches, a bounded number at once, and again while the store is overloaded or away. */
export function createSpanWriter(store: SpanStore, options: SpanWriterOptions): SpanWriter {
  const { signal } = options;
  let parts: Uint8Array[] = [];
  let bytes = 0;
  let count = 0;
  const underWay = new Set<Promise<void>>();
  let failure: { readonly error: unknown } | undefined;

  const write = async (encoded: Uint8Array): Promise<void> => {
    const { accepted, rejected } = await persistently(() => store.write(encoded, { signal }), options);
    options.written(accepted);
    if (rejected.length > 0) options.rejected(rejected, encoded);
  };
  const flush = (): void => {
    if (parts.length === 0) return;
    // Concatenated requests are one request.
    const encoded = parts.length === 1 ? (parts[0] as Uint8Array) : Buffer.concat(parts, bytes);
    parts = [];
    bytes = 0;
    count = 0;
    const writing: Promise<void> = write(encoded)
      .catch((error: unknown) => {
        failure ??= { error };
      })
      .finally(() => underWay.delete(writing));
    underWay.add(writing);
  };
  const check = (): void => {
    if (failure !== undefined) throw failure.error;
  };

  return {
    async add(encoded, spans) {
      check();
      if (parts.length > 0 && (bytes + encoded.length > batchBytes || count + spans > batchSpans)) {
        flush();
        while (underWay.size >= maxUnderWay) await Promise.race(underWay);
        check();
      }
      parts.push(encoded);
      bytes += encoded.length;
      count += spans;
    },
    async finish() {
      if (failure === undefined) flush();
      await Promise.all(underWay);
      check();
    },
  };
}

async function persistently<T>(call: () => Promise<T>, { signal, waiting }: SpanWriterOptions): Promise<T> {
  const patience = createPatience({
    millis: patienceMillis,
    signal,
    failed: (error) => waiting(messageOf(error)),
  });
  for (;;) {
    throwIfAborted(signal);
    try {
      return await call();
    } catch (error) {
      await patience.after(error);
    }
  }
}
