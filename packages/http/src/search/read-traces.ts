import { createHash } from "node:crypto";
import type { TraceChunk } from "@spanstore/core";
import { createReadBudget, type StoreReads } from "@spanstore/core/engine";
import { createTraceAdjuster } from "@spanstore/jaeger";
import type { Settings } from "../options.js";

/** The source of traces, and the settings for reading them. */
export interface TraceReading {
  readonly store: StoreReads;
  /** Undefined: there is none. */
  readonly archive: (() => Promise<StoreReads>) | undefined;
  readonly signal: AbortSignal;
  readonly settings: Pick<Settings, "heldTraceBytes" | "maxClockSkewMs">;
  /** Called when reading ends early, so that data that waits to be sent gives its memory back. */
  readonly left?: () => void;
}

export interface ReadOptions {
  /** True: traces as stored. False: adjusted as by Jaeger's query service. */
  readonly raw: boolean;
}

/** A trace that was read to its end once. */
export interface WholeTrace {
  /** Differs for different content. */
  readonly hash: string;
  /** Its adjusted chunks; may be called once. The trace holds memory until its end or until the call's signal fires. */
  chunks(): AsyncIterable<TraceChunk>;
}

/**
 * The memory of all traces that this thread shows, from their first span to the end of their answer. A reader that pauses
 * for longer gives its memory to others that wait.
 */
const shownBudget = createReadBudget({ bytes: 64 * 1024 * 1024, longestPauseMillis: 2000 });

/** Each read counts as this many bytes at least: 8 at once, which leaves half of the store's own budget to other reads. */
const leastBytes = 8 * 1024 * 1024;

/**
 * Shows the traces of a search. A trace takes at most `heldTraceBytes` and the memory of its adjuster; the spans of a
 * larger one are read a second time.
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
  yield* shown(from, async function* (holds) {
    let reading: TraceReader | undefined;
    let nextPageToken: string | undefined;
    for await (const chunk of chunks) {
      if (reading !== undefined && reading.traceId !== chunk.traceId) {
        yield* reading.finish().chunks();
        reading = undefined;
      }
      reading ??= startTrace(from, from.store, chunk.traceId, { raw, hashed: false });
      reading.show(chunk);
      await holds(reading.heldBytes());
      nextPageToken = chunk.nextPageToken;
    }
    if (reading === undefined) return;
    const last = reading.finish().chunks();
    yield* nextPageToken === undefined ? last : withToken(last, nextPageToken);
  });
}

/**
 * Reads within `shownBudget`.
 * @param read calls `holds` with the bytes it holds, which waits until they are granted.
 */
function shown<T>(
  { signal, left }: TraceReading,
  read: (holds: (bytes: number) => Promise<void>) => AsyncIterable<T>,
): AsyncGenerator<T, void, undefined> {
  return shownBudget.stream(
    async function* ({ part }) {
      const holdBytes = part();
      const holds = async (bytes: number): Promise<void> => holdBytes(Math.max(leastBytes, bytes));
      let isWhole = false;
      try {
        await holds(0);
        yield* read(holds);
        isWhole = true;
      } finally {
        if (!isWhole) left?.();
      }
    },
    { signal },
  );
}

/** The trace of an id; undefined when the store has none. */
export async function wholeTrace(
  from: TraceReading,
  store: StoreReads,
  traceId: string,
  { raw }: ReadOptions,
): Promise<WholeTrace | undefined> {
  const { signal } = from;
  const items = shown<WholeTrace | TraceChunk>(from, async function* (holds) {
    let reading: TraceReader | undefined;
    for await (const chunk of store.getTraces([traceId], { signal })) {
      reading ??= startTrace(from, store, traceId, { raw, hashed: true });
      reading.show(chunk);
      await holds(reading.heldBytes());
    }
    if (reading === undefined) return;
    const whole = reading.finish();
    await holds(reading.heldBytes());
    yield whole;
    yield* whole.chunks();
  });
  const first = await items.next();
  if (first.done) return undefined;
  return {
    hash: (first.value as WholeTrace).hash,
    chunks: () => items as AsyncIterable<TraceChunk>,
  };
}

type TraceReader = ReturnType<typeof startTrace>;

/** @param hashed whether to compute the hash; else it is empty. */
function startTrace(
  from: TraceReading,
  store: StoreReads,
  traceId: string,
  { raw, hashed }: ReadOptions & { readonly hashed: boolean },
) {
  const { heldTraceBytes, maxClockSkewMs } = from.settings;
  const adjuster = raw ? undefined : createTraceAdjuster();
  const hash = hashed ? createHash("sha1") : undefined;
  let held: TraceChunk[] | undefined = [];
  let size = 0;
  return {
    traceId,
    show(chunk: TraceChunk): void {
      adjuster?.show(chunk.encoded);
      hash?.update(chunk.encoded);
      size += chunk.encoded.length;
      if (size > heldTraceBytes) held = undefined;
      held?.push(chunk);
    },
    /** An estimate. */
    heldBytes: (): number => (held === undefined ? 0 : size) + (adjuster?.heldBytes() ?? 0),
    finish(): WholeTrace {
      const adjust = adjuster?.finish(BigInt(maxClockSkewMs) * 1_000_000n);
      return {
        hash: hash?.digest("base64url") ?? "",
        async *chunks() {
          // Nested: this read has its share of the bound already, so it must not wait for others.
          const again = held ?? store.getTraces([traceId], { signal: from.signal, nested: true });
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
