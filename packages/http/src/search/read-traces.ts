import { createHash } from "node:crypto";
import type { TraceChunk } from "@spanstore/core";
import { createReadBudget, type StoreReads } from "@spanstore/core/engine";
import { createTraceAdjuster } from "@spanstore/jaeger";
import type { Settings } from "../options.js";

/** What traces are read from, and how. */
export interface TraceReading {
  readonly store: StoreReads;
  /** Undefined: there is none. */
  readonly archive: (() => Promise<StoreReads>) | undefined;
  readonly signal: AbortSignal;
  readonly settings: Pick<Settings, "heldTraceBytes" | "maxClockSkewMs">;
  /** Called when traces end before they were taken: what waits to be sent of them keeps memory from others. */
  readonly left?: () => void;
}

export interface ReadOptions {
  /** Whether traces come as they were stored, and not as Jaeger's query service shows them. */
  readonly raw: boolean;
}

/** A trace of which all was read once. */
export interface WholeTrace {
  /** Differs for different content. */
  readonly hash: string;
  /** Its chunks after adjustment, once. Until its end, or until the signal of the call fires, the trace takes memory. */
  chunks(): AsyncIterable<TraceChunk>;
}

/**
 * Of all traces of this thread that are shown, from their first span to the end of their answer. A reader that takes
 * nothing for so long makes place for others that wait.
 */
const shownBudget = createReadBudget({ bytes: 64 * 1024 * 1024, longestPauseMillis: 2000 });

/** Each counts as so many bytes at least: 8 at once, which leaves half of the store's own budget to other reads. */
const leastBytes = 8 * 1024 * 1024;

/**
 * The traces of a search as they are to be shown, in no more memory than `heldTraceBytes` a trace and some for what
 * adjusts it: of a larger one the spans are read a second time.
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
 * What is read within the bound.
 * @param read says how many bytes it holds, and waits until it may.
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

/** @param hashed whether the trace has a hash; else it is empty. */
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
    /** About. */
    heldBytes: (): number => (held === undefined ? 0 : size) + (adjuster?.heldBytes() ?? 0),
    finish(): WholeTrace {
      const adjust = adjuster?.finish(BigInt(maxClockSkewMs) * 1_000_000n);
      return {
        hash: hash?.digest("base64url") ?? "",
        async *chunks() {
          // Read again under the same bound, so it waits for no other read.
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
