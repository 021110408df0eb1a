import { isSpanStoreError, type Span, type SpanStore } from "@spanstore/core";

/** Spans on their way into a store: a request does not wait until its span is written. */
export interface SpanBuffer {
  /** Takes a span that has ended; it is dropped, and counted, when too many wait already. */
  add(span: Span): void;
  /** Resolves when what was added before was written, or could not be. */
  flush(): Promise<void>;
  /** How many spans wait, and how many were dropped so far. */
  counts(): { readonly waiting: number; readonly dropped: number };
}

const maxSpansPerWrite = 1000;
const maxSpansWaiting = 10_000;

/**
 * Writes the spans that came during the last write, again and again. What the store can not take now waits for the
 * next span or flush.
 * @param service the service that the spans are of.
 * @param onError what a write failed with.
 */
export function createSpanBuffer(
  store: SpanStore,
  service: string,
  onError: (error: unknown) => void,
): SpanBuffer {
  const resource = { attributes: [{ key: "service.name", value: { stringValue: service } }] };
  const waiting: Span[] = [];
  let dropped = 0;
  let draining: Promise<void> | undefined;

  const drain = async (): Promise<void> => {
    while (waiting.length > 0) {
      const spans = waiting.slice(0, maxSpansPerWrite);
      try {
        await store.write({ resourceSpans: [{ resource, scopeSpans: [{ spans }] }] });
      } catch (error) {
        onError(error);
        // The write may be repeated: what of it was stored already is not stored twice.
        if (isSpanStoreError(error) && error.code === "STORE_UNAVAILABLE") return;
        dropped += spans.length;
      }
      waiting.splice(0, spans.length);
    }
  };
  const flush = (): Promise<void> => {
    draining ??= drain().finally(() => {
      draining = undefined;
    });
    return draining;
  };

  return {
    add(span) {
      if (waiting.length >= maxSpansWaiting) dropped += 1;
      else waiting.push(span);
      void flush();
    },
    flush,
    counts: () => ({ waiting: waiting.length, dropped }),
  };
}
