import { createHash } from "node:crypto";
import type { TraceChunk } from "@spanstore/core";
import type { StoreReads } from "@spanstore/core/engine";
import { createTraceAdjuster } from "@spanstore/jaeger";
import type { Settings } from "../options.js";

/** What traces are read from, and how. */
export interface TraceReading {
  readonly store: StoreReads;
  /** Undefined: there is none. */
  readonly archive: (() => Promise<StoreReads>) | undefined;
  readonly signal: AbortSignal;
  readonly settings: Pick<Settings, "heldTraceBytes" | "maxClockSkewMs">;
}

export interface ReadOptions {
  /** Whether traces come as they were stored, and not as Jaeger's query service shows them. */
  readonly raw: boolean;
}

/** A trace of which all was read once. */
export interface WholeTrace {
  /** Differs for different content. */
  readonly hash: string;
  /** Its chunks after adjustment. */
  chunks(): AsyncIterable<TraceChunk>;
}

/**
 * The traces of a search as they are to be shown, in no more memory than `heldTraceBytes` a trace: of a larger one the
 * spans are read a second time.
 */
export async function* shownTraces(
  from: TraceReading,
  chunks: AsyncIterable<TraceChunk>,
  { raw }: ReadOptions,
): AsyncGenerator<TraceChunk, void, undefined> {
  if (raw) {
    yield* chunks;
    return;
  }
  let reading: ReturnType<typeof startTrace> | undefined;
  let nextPageToken: string | undefined;
  for await (const chunk of chunks) {
    if (reading !== undefined && reading.traceId !== chunk.traceId) {
      yield* reading.finish().chunks();
      reading = undefined;
    }
    // Read again while the search waits.
    reading ??= startTrace(from, from.store, chunk.traceId, { raw, nested: true });
    reading.show(chunk);
    nextPageToken = chunk.nextPageToken;
  }
  if (reading === undefined) return;
  const last = reading.finish().chunks();
  yield* nextPageToken === undefined ? last : withToken(last, nextPageToken);
}

/** The trace of an id; undefined when the store has none. */
export async function wholeTrace(
  from: TraceReading,
  store: StoreReads,
  traceId: string,
  { raw }: ReadOptions,
): Promise<WholeTrace | undefined> {
  let reading: ReturnType<typeof startTrace> | undefined;
  for await (const chunk of store.getTraces([traceId], { signal: from.signal })) {
    reading ??= startTrace(from, store, traceId, { raw, nested: false });
    reading.show(chunk);
  }
  return reading?.finish();
}

function startTrace(
  from: TraceReading,
  store: StoreReads,
  traceId: string,
  { raw, nested }: ReadOptions & { readonly nested: boolean },
) {
  const { heldTraceBytes, maxClockSkewMs } = from.settings;
  const adjuster = raw ? undefined : createTraceAdjuster();
  const hash = createHash("sha1");
  let held: TraceChunk[] | undefined = [];
  let size = 0;
  return {
    traceId,
    show(chunk: TraceChunk): void {
      adjuster?.show(chunk.encoded);
      hash.update(chunk.encoded);
      size += chunk.encoded.length;
      if (size > heldTraceBytes) held = undefined;
      held?.push(chunk);
    },
    finish(): WholeTrace {
      const adjust = adjuster?.finish(BigInt(maxClockSkewMs) * 1_000_000n);
      return {
        hash: hash.digest("base64url"),
        async *chunks() {
          const again = held ?? store.getTraces([traceId], { signal: from.signal, nested });
          for await (const { encoded } of again) yield { traceId, encoded: adjust?.(encoded) ?? encoded };
        },
      };
    },
  };
}

async function* withToken(
  chunks: AsyncIterable<TraceChunk>,
  nextPageToken: string,
): AsyncGenerator<TraceChunk, void, undefined> {
  let last: TraceChunk | undefined;
  for await (const chunk of chunks) {
    if (last !== undefined) yield last;
    last = chunk;
  }
  if (last !== undefined) yield { ...last, nextPageToken };
}
