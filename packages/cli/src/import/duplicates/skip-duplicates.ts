import { isSpanStoreError, type SpanStore, SpanStoreError } from "@spanstore/core";
import { throwIfAborted } from "@spanstore/core/engine";
import { FragmentWriter } from "@spanstore/core/otlp";
import { createPatience, patienceMillis } from "../../transfer/patience.js";
import type { SpanWriter } from "../../transfer/write-spans.js";
import { createSeenTraces, isSeen, mostSeenSpans, noteSeen, type SeenSpans } from "./seen-traces.js";
import { type KnownSpan, knownSpans } from "./span-identity.js";

/** One read of the store covers the traces of this many spans. */
const batchSpans = 2000;
const batchBytes = 1024 * 1024;

export interface DuplicateOptions {
  readonly signal: AbortSignal;
  /** Called with the number of spans skipped. */
  readonly skipped: (spans: number) => void;
  /** Called when the store does not answer and is asked again. */
  readonly waiting: (error: unknown) => void;
  /** The most spans to remember; for tests. */
  readonly most?: number;
}

/**
 * Passes to a writer the spans that the store does not have yet. It compares trace id, span id, start, name and service;
 * other differences, such as fields that Jaeger's JSON lacks, do not count. Its memory does not grow with the store or
 * the files.
 */
export function skipDuplicates(store: SpanStore, writer: SpanWriter, options: DuplicateOptions): SpanWriter {
  const { signal, most = mostSeenSpans } = options;
  const traces = createSeenTraces(most);
  let waiting: Uint8Array[] = [];
  let waitingSpans = 0;
  let waitingBytes = 0;

  const flush = async (): Promise<void> => {
    if (waitingSpans === 0) return;
    const encoded = waiting.length === 1 ? (waiting[0] as Uint8Array) : Buffer.concat(waiting);
    waiting = [];
    waitingSpans = waitingBytes = 0;
    const spans = [...knownSpans(encoded)];
    const seen = await seenOf(spans);
    const fresh = spans.filter((span) => {
      const ofTrace = seen.get(span.traceId);
      if (span.key === "" || ofTrace === undefined) return true;
      if (isSeen(ofTrace, span)) return false;
      noteSeen(ofTrace, span);
      return true;
    });
    for (const [traceId, ofTrace] of seen) traces.keep(traceId, ofTrace);
    if (fresh.length < spans.length) options.skipped(spans.length - fresh.length);
    if (fresh.length === spans.length) await writer.add(encoded, spans.length);
    else if (fresh.length > 0) await writer.add(joined(fresh), fresh.length);
  };

  /** The spans seen in the traces of these spans. */
  const seenOf = async (spans: readonly KnownSpan[]): Promise<Map<string, SeenSpans>> => {
    const seen = new Map<string, SeenSpans>();
    const wanted = new Map<string, Set<string>>();
    for (const { traceId, key } of spans) {
      if (traceId.length !== 32) continue;
      const known = traces.get(traceId);
      if (known !== undefined) seen.set(traceId, known);
      else wanted.set(traceId, (wanted.get(traceId) ?? new Set()).add(key));
    }
    // A dropped trace is read again, so its written spans must be durable first.
    if (wanted.size > 0 && traces.hasForgotten()) await writer.finish();
    if (wanted.size > 0) for (const [traceId, known] of await askedFor(wanted)) seen.set(traceId, known);
    return seen;
  };

  /** Reads traces from the store; of a trace with too many spans it returns only the wanted ones. */
  const askedFor = async (
    wanted: ReadonlyMap<string, ReadonlySet<string>>,
  ): Promise<Map<string, SeenSpans>> => {
    const patience = createPatience({ millis: patienceMillis, signal, failed: options.waiting });
    for (;;) {
      throwIfAborted(signal);
      const found = new Map<string, SeenSpans>([...wanted.keys()].map((traceId) => [traceId, new Map()]));
      try {
        for await (const { traceId, encoded } of store.getTraces([...wanted.keys()], { signal })) {
          const ofTrace = found.get(traceId);
          if (ofTrace === undefined) continue;
          for (const span of knownSpans(encoded)) {
            if (ofTrace.size < most || wanted.get(traceId)?.has(span.key)) noteSeen(ofTrace, span);
          }
        }
        return found;
      } catch (error) {
        await patience.after(withAdvice(error));
      }
    }
  };

  return {
    async add(encoded, spans) {
      const isFull = waitingSpans + spans > batchSpans || waitingBytes + encoded.length > batchBytes;
      if (isFull) await flush();
      waiting.push(encoded);
      waitingSpans += spans;
      waitingBytes += encoded.length;
    },
    async finish() {
      await flush();
      await writer.finish();
    },
  };
}

function joined(spans: readonly KnownSpan[]): Uint8Array {
  const writer = new FragmentWriter();
  for (const { group, start, end } of spans) writer.add(group, start, end);
  return writer.encode();
}

/** Adds advice for a token that may write but not read. */
function withAdvice(error: unknown): unknown {
  if (!isSpanStoreError(error) || !["PERMISSION_DENIED", "UNSUPPORTED"].includes(error.code)) return error;
  return new SpanStoreError(error.code, `the store does not say what it has already: ${error.message}`, {
    hint: "take a token that may read, too, or write without looking by --duplicates=keep",
    cause: error,
  });
}
