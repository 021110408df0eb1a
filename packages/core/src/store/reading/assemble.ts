import { throwIfAborted } from "../../errors/errors.js";
import { ContentSet, contentSeed } from "../../fragments/content-set.js";
import { FragmentWriter } from "../../fragments/fragment-writer.js";
import { parseGroups } from "../../otlp/groups.js";
import { joinBytes } from "../../otlp/own-bytes.js";
import type { TraceChunk } from "../contract/calls.js";
import type { Fragment } from "../contract/engine.js";
import type { Reading } from "../contract/reading.js";
import { createTurns } from "./turns.js";

/** Chunks end at this size, far below the 4 MiB that gRPC clients receive by default. */
export const maxChunkBytes = 512 * 1024;

/**
 * Takes the fragments of one trace, one after the other, and drops the spans whose content came before. Copies come from
 * requests that were retried and split differently.
 */
export function createDeduplicator(): (encoded: Uint8Array) => Uint8Array | undefined {
  const seen = new ContentSet();
  return (encoded) => {
    const groups = parseGroups(encoded);
    let copies: Set<number> | undefined;
    let total = 0;
    for (const group of groups) {
      const seed = contentSeed(group);
      for (let i = 0; i < group.spans.length; i += 2) {
        total++;
        const start = group.spans[i] as number;
        if (seen.add(seed, encoded, start, group.spans[i + 1] as number)) continue;
        copies ??= new Set();
        copies.add(start);
      }
    }
    if (copies === undefined) return total === 0 ? undefined : encoded;
    if (copies.size === total) return undefined;
    const writer = new FragmentWriter();
    for (const group of groups) {
      for (let i = 0; i < group.spans.length; i += 2) {
        const start = group.spans[i] as number;
        if (!copies.has(start)) writer.add(group, start, group.spans[i + 1] as number);
      }
    }
    return writer.encode();
  };
}

/** A fragment counts twice: a chunk is a copy of its fragments. */
const copiesHeld = 2;

/**
 * Drops copies of spans from fragments that are grouped by trace. Yields to other calls in between.
 * @throws ABORTED once the signal has fired, also where the engine rarely checks it.
 */
export async function* distinctFragments(
  batches: AsyncIterable<readonly Fragment[]>,
  reading: Reading,
  signal: AbortSignal | undefined,
): AsyncGenerator<Fragment, void, undefined> {
  let traceId: string | undefined;
  let deduplicate = createDeduplicator();
  const hold = reading.part();
  const turns = createTurns();
  for await (const batch of batches) {
    throwIfAborted(signal);
    const room = hold(copiesHeld * bytesOf(batch));
    if (room !== undefined) await room;
    for (const fragment of batch) {
      if (fragment.traceId !== traceId) {
        traceId = fragment.traceId;
        deduplicate = createDeduplicator();
      }
      const encoded = deduplicate(fragment.encoded);
      if (encoded !== undefined) yield { ...fragment, encoded };
      const turn = turns();
      if (turn !== undefined) await turn;
      throwIfAborted(signal);
    }
  }
}

/** The size of a batch in encoded bytes. */
export function bytesOf(fragments: readonly Fragment[]): number {
  let bytes = 0;
  for (const { encoded } of fragments) bytes += encoded.length;
  return bytes;
}

/**
 * Joins the fragments of each trace into chunks of at most {@link maxChunkBytes}, or of a single larger fragment. Leaves out
 * spans of a trace beyond `spanLimit`, and marks its last chunk as truncated.
 */
export async function* assembleChunks(
  fragments: AsyncIterable<Pick<Fragment, "traceId" | "encoded">>,
  spanLimit = Number.POSITIVE_INFINITY,
): AsyncGenerator<TraceChunk, void, undefined> {
  let traceId = "";
  let pending: Uint8Array[] = [];
  let size = 0;
  let spansLeft = spanLimit;
  let truncated = false;
  const flush = (isCut: boolean): TraceChunk => {
    // Concatenated protobuf messages are one message: repeated fields add up.
    const encoded = joinBytes(...pending);
    pending = [];
    size = 0;
    return isCut ? { traceId, encoded, truncated: true } : { traceId, encoded };
  };
  for await (const fragment of fragments) {
    if (fragment.traceId !== traceId) {
      if (size > 0) yield flush(false);
      traceId = fragment.traceId;
      spansLeft = spanLimit;
      truncated = false;
    }
    if (truncated) continue;
    let { encoded } = fragment;
    if (spansLeft !== Number.POSITIVE_INFINITY) {
      const cut = firstSpans(encoded, spansLeft);
      spansLeft -= cut.spanCount;
      truncated = cut.truncated;
      encoded = cut.encoded;
    }
    if (encoded.length > 0) {
      if (size > 0 && size + encoded.length > maxChunkBytes) yield flush(false);
      pending.push(encoded);
      size += encoded.length;
    }
    // A caller that wants no more need not wait for the end of the trace.
    if (truncated && size > 0) yield flush(true);
  }
  if (size > 0) yield flush(false);
}

/** The first spans of a fragment. */
function firstSpans(
  encoded: Uint8Array,
  limit: number,
): { encoded: Uint8Array; spanCount: number; truncated: boolean } {
  const writer = new FragmentWriter();
  let truncated = false;
  for (const group of parseGroups(encoded)) {
    for (let i = 0; i < group.spans.length; i += 2) {
      if (writer.spanCount < limit) writer.add(group, group.spans[i] as number, group.spans[i + 1] as number);
      else truncated = true;
    }
  }
  return { encoded: truncated ? writer.encode() : encoded, spanCount: writer.spanCount, truncated };
}
