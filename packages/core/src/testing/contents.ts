import assert from "node:assert/strict";
import { parseGroups, type SpanGroup } from "../otlp/groups.js";
import { SpanHead, timeOf } from "../otlp/span-head.js";
import { readHex, readText } from "../otlp/wire.js";
import { createFingerprint } from "../query/fingerprint.js";
import type { TraceQuery } from "../query/trace-query.js";
import type { SpanChunk, SummaryChunk, TraceChunk, TraceSummary } from "../store/contract/calls.js";
import type { SpanStore } from "../store/contract/span-store.js";

/** An encoded span, with the bytes of its resource and scope. */
export interface Content {
  readonly traceId: string;
  readonly spanId: string;
  readonly startTimeUnixNano: bigint;
  /** Describes the span for people, with a fingerprint of all its bytes for comparisons. */
  readonly label: string;
  /** Hex of the resource's fields, the scope's fields and the span, unknown fields included. */
  readonly bytes: string;
}

/** The spans of encoded TracesData, in order. */
export function contentsOf(encoded: Uint8Array): Content[] {
  const contents: Content[] = [];
  const head = new SpanHead();
  for (const group of parseGroups(encoded)) {
    const context = `${hexOf(group, group.resource.raw)}|${hexOf(group, group.scope.raw)}`;
    for (let i = 0; i < group.spans.length; i += 2) {
      const start = group.spans[i] as number;
      const end = group.spans[i + 1] as number;
      head.scan(group.bytes, start, end);
      const traceId = readHex(group.bytes, head.traceIdAt, head.traceIdEnd);
      const spanId = readHex(group.bytes, head.spanIdAt, head.spanIdEnd);
      const startTimeUnixNano = timeOf(group.bytes, head.startTimeAt);
      const name = JSON.stringify(readText(group.bytes, head.nameAt, head.nameEnd));
      const bytes = `${context}|${readHex(group.bytes, start, end)}`;
      const label = `${traceId}/${spanId} ${name} @${startTimeUnixNano} #${createFingerprint(bytes)}`;
      contents.push({ traceId, spanId, startTimeUnixNano, label, bytes });
    }
  }
  return contents;
}

function hexOf(group: SpanGroup, ranges: readonly number[]): string {
  let hex = "";
  for (let i = 0; i < ranges.length; i += 2) {
    hex += readHex(group.bytes, ranges[i] as number, ranges[i + 1] as number);
  }
  return hex;
}

export function labelsOf(encoded: Uint8Array): string[] {
  return contentsOf(encoded).map(({ label }) => label);
}

/** A trace, joined from its chunks. */
export interface ReadTrace {
  readonly traceId: string;
  /** Sorted: the order of the spans in a trace has no meaning. */
  readonly spans: readonly string[];
  readonly truncated: boolean;
}

export interface ReadTraces {
  readonly traces: readonly ReadTrace[];
  readonly nextPageToken: string | undefined;
}

const maxChunkBytes = 3 * 1024 * 1024;

/** Joins chunks to traces and checks the contract of each chunk. */
export async function readTraces(
  chunks: AsyncIterable<TraceChunk>,
  read: (encoded: Uint8Array) => string[] = labelsOf,
): Promise<ReadTraces> {
  const traces: { traceId: string; spans: string[]; truncated: boolean }[] = [];
  let nextPageToken: string | undefined;
  for await (const chunk of chunks) {
    assert.equal(nextPageToken, undefined, "a chunk follows the one with the page token");
    const contents = contentsOf(chunk.encoded);
    checkSize(chunk.encoded, contents);
    for (const { traceId } of contents)
      assert.equal(traceId, chunk.traceId, "a chunk holds another trace's span");
    let trace = traces[traces.length - 1];
    if (trace?.traceId !== chunk.traceId) {
      assert.ok(!traces.some(({ traceId }) => traceId === chunk.traceId), "a trace's chunks are apart");
      trace = { traceId: chunk.traceId, spans: [], truncated: false };
      traces.push(trace);
    }
    assert.ok(!trace.truncated, "a chunk follows the one that says the trace is cut");
    trace.truncated = chunk.truncated === true;
    for (const span of read(chunk.encoded)) trace.spans.push(span);
    nextPageToken = chunk.nextPageToken;
  }
  for (const { spans } of traces) spans.sort();
  return { traces, nextPageToken };
}

export interface ReadSpans {
  readonly spans: readonly string[];
  readonly nextPageToken: string | undefined;
}

/** Joins the chunks of a span search, in order, and checks the contract of each chunk. */
export async function readSpans(
  chunks: AsyncIterable<SpanChunk>,
  read: (encoded: Uint8Array) => string[] = labelsOf,
): Promise<ReadSpans> {
  const spans: string[] = [];
  let nextPageToken: string | undefined;
  for await (const chunk of chunks) {
    assert.equal(nextPageToken, undefined, "a chunk follows the one with the page token");
    const contents = contentsOf(chunk.encoded);
    checkSize(chunk.encoded, contents);
    for (const span of read(chunk.encoded)) spans.push(span);
    nextPageToken = chunk.nextPageToken;
  }
  return { spans, nextPageToken };
}

function checkSize(encoded: Uint8Array, contents: readonly Content[]): void {
  assert.ok(contents.length > 0, "a chunk without spans");
  assert.ok(encoded.length <= maxChunkBytes || contents.length === 1, `a chunk of ${encoded.length} bytes`);
}

export async function readSummaries(
  chunks: AsyncIterable<SummaryChunk>,
): Promise<{ readonly summaries: readonly TraceSummary[]; readonly nextPageToken: string | undefined }> {
  const summaries: TraceSummary[] = [];
  let nextPageToken: string | undefined;
  for await (const chunk of chunks) {
    assert.equal(nextPageToken, undefined, "a chunk follows the one with the page token");
    assert.ok(chunk.summaries.length > 0, "a chunk without summaries");
    for (const summary of chunk.summaries) summaries.push(summary);
    nextPageToken = chunk.nextPageToken;
  }
  return { summaries, nextPageToken };
}

/** The ids of the traces of a query, in order. */
export async function found(store: SpanStore, query: TraceQuery): Promise<string[]> {
  return (await store.findTraceIds(query)).traces.map(({ traceId }) => traceId);
}

/** Reads all pages. `page` reads the page of a token. */
export async function walkPages<T>(
  page: (
    token: string | undefined,
  ) => Promise<{ readonly items: readonly T[]; readonly token: string | undefined }>,
  between: (pagesRead: number) => Promise<void> = async () => {},
): Promise<T[]> {
  const items: T[] = [];
  let token: string | undefined;
  let pagesRead = 0;
  do {
    const next = await page(token);
    assert.ok(next.items.length > 0 || pagesRead === 0, "an empty page after a token");
    assert.notEqual(next.token, "", "an empty token instead of none");
    for (const item of next.items) items.push(item);
    token = next.token;
    pagesRead++;
    if (token !== undefined) await between(pagesRead);
  } while (token !== undefined);
  return items;
}
