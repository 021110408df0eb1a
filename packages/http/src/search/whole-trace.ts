import type { TraceChunk } from "@spanstore/core";
import type { Answer } from "../wire/answer.js";
import type { Call } from "../wire/call.js";
import { tagWithoutCoding } from "../wire/compression.js";
import { type TraceReading, type WholeTrace, wholeTrace } from "./read-traces.js";

/** A trace may still grow, so a cache must revalidate its copy. */
export function caching(etag: string): Record<"etag" | "cache-control", string> {
  return { etag, "cache-control": "private, no-cache" };
}

/**
 * @param headers with the ETag of the uncompressed answer.
 * @returns 304 when the client has this answer already, in any coding.
 */
export function ifChanged(
  call: Call,
  headers: Readonly<Record<"etag", string> & Record<string, string>>,
  answer: () => Answer,
): Answer {
  const known = (call.header("if-none-match") ?? "").split(",").map((tag) => tag.trim().replace(/^W\//, ""));
  const same = known.find((tag) => tag === "*" || tagWithoutCoding(tag) === headers.etag);
  if (same === undefined) return { ...answer(), headers };
  return { status: 304, headers: { ...headers, etag: same === "*" ? headers.etag : same }, body: "" };
}

/** Reads a trace from the store, else from the archive. */
export async function traceOf(
  call: TraceReading,
  traceId: string,
  raw: boolean,
): Promise<WholeTrace | undefined> {
  const found = await wholeTrace(call, call.store, traceId, { raw });
  if (found !== undefined || call.archive === undefined) return found;
  return wholeTrace(call, await call.archive(), traceId, { raw });
}

/** The stored chunks of a trace, from the store, else from the archive. */
export async function* storedChunks(
  { store, archive, signal }: TraceReading,
  traceId: string,
): AsyncGenerator<TraceChunk, void, undefined> {
  let isEmpty = true;
  for await (const chunk of store.getTraces([traceId], { signal })) {
    isEmpty = false;
    yield chunk;
  }
  if (isEmpty && archive !== undefined) yield* (await archive()).getTraces([traceId], { signal });
}
