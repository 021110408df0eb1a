import type { TraceChunk } from "@spanstore/core";
import { assembleChunks, splitByTrace } from "@spanstore/core/engine";
import { joinBytes, spansOf } from "@spanstore/core/otlp";
import { read } from "./answers.js";

/** The largest chunk of a SpanStore. Larger messages of other servers are split. */
const maxChunkBytes = 3 * 1024 * 1024;

/**
 * The messages of a GetTraces or FindTraces stream as chunks, each with its trace's id. Drops the spans of a trace beyond
 * `spanLimit`, which the protocol cannot express.
 */
export function traceChunks(
  messages: AsyncIterable<Buffer>,
  spanLimit: number | undefined,
): AsyncIterable<TraceChunk> {
  return spanLimit === undefined ? owned(messages) : assembleChunks(labelled(messages), spanLimit);
}

/** The chunks of one trace, up to one that is truncated; the rest of the stream stays unread. */
export async function* untilCut(
  chunks: AsyncIterable<TraceChunk>,
): AsyncGenerator<TraceChunk, void, undefined> {
  for await (const chunk of chunks) {
    yield chunk;
    if (chunk.truncated === true) return;
  }
}

/** Copies the bytes of messages, which share buffers. */
async function* owned(messages: AsyncIterable<Buffer>): AsyncGenerator<TraceChunk, void, undefined> {
  for await (const { traceId, encoded } of labelled(messages)) yield { traceId, encoded: joinBytes(encoded) };
}

async function* labelled(messages: AsyncIterable<Buffer>): AsyncGenerator<TraceChunk, void, undefined> {
  for await (const encoded of messages) {
    const traceId = read(() => spansOf(encoded).next().value?.traceId);
    if (traceId === undefined) continue;
    if (encoded.length <= maxChunkBytes) yield { traceId, encoded };
    else yield* assembleChunks(fragmentsOf(encoded));
  }
}

async function* fragmentsOf(encoded: Buffer): AsyncGenerator<TraceChunk, void, undefined> {
  for (const fragment of read(() => splitByTrace(encoded)).fragments) {
    yield { traceId: Buffer.from(fragment.traceId).toString("hex"), encoded: fragment.encoded };
  }
}
