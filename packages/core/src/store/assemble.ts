import { FragmentWriter } from "../otlp/fragment-writer.js";
import { parseGroups } from "../otlp/groups.js";
import { ContentSet, contentSeed } from "./content-set.js";
import type { Fragment } from "./engine.js";
import type { TraceChunk } from "./span-store.js";

/** gRPC clients receive 4 MiB by default; this leaves room for what surrounds the spans. */
export const maxChunkBytes = 3 * 1024 * 1024;

/**
 * Drops from fragments of one trace, given one after the other, the spans whose content came
 * before: a retried request that was cut otherwise than the first time brings such copies.
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

/** The fragments of traces, each trace's together, without copies of the same span. */
export async function* distinctFragments(
  windows: AsyncIterable<readonly Fragment[]>,
): AsyncGenerator<Fragment, void, undefined> {
  let traceId: string | undefined;
  let deduplicate = createDeduplicator();
  for await (const window of windows) {
    for (const fragment of window) {
      if (fragment.traceId !== traceId) {
        traceId = fragment.traceId;
        deduplicate = createDeduplicator();
      }
      const encoded = deduplicate(fragment.encoded);
      if (encoded !== undefined) yield { traceId: fragment.traceId, encoded };
    }
  }
}

/** Joins the fragments of each trace into chunks of at most {@link maxChunkBytes}. */
export async function* assembleChunks(
  fragments: AsyncIterable<Fragment>,
): AsyncGenerator<TraceChunk, void, undefined> {
  let traceId = "";
  let pending: Uint8Array[] = [];
  let size = 0;
  const flush = (): TraceChunk => {
    // Concatenated protobuf messages are one message: repeated fields add up.
    const encoded = pending.length === 1 ? (pending[0] as Uint8Array) : Buffer.concat(pending, size);
    pending = [];
    size = 0;
    return { traceId, encoded };
  };
  for await (const fragment of fragments) {
    if (size > 0 && (fragment.traceId !== traceId || size + fragment.encoded.length > maxChunkBytes)) yield flush();
    traceId = fragment.traceId;
    pending.push(fragment.encoded);
    size += fragment.encoded.length;
  }
  if (size > 0) yield flush();
}
