import { throwIfAborted } from "../../errors/errors.js";
import { FragmentWriter } from "../../fragments/fragment-writer.js";
import { parseGroups } from "../../otlp/groups.js";
import { joinBytes } from "../../otlp/own-bytes.js";
import { SpanHead } from "../../otlp/span-head.js";
import { ResourceView, ScopeView, SpanView } from "../../otlp/span-view.js";
import { compilePredicate } from "../../query/filter/match/matcher.js";
import { createFingerprint, fingerprintOf } from "../../query/fingerprint.js";
import { decodePageToken, encodePageToken, type PagePosition } from "../../query/page-token.js";
import { effectiveOrder, searchOfSpanQuery } from "../../query/search-of-query.js";
import { defaultLimit, type SpanOrder, type SpanQuery } from "../../query/trace-query.js";
import type { SpanChunk } from "../contract/calls.js";
import type { EngineReader, Fragment } from "../contract/engine.js";
import type { Reading } from "../contract/reading.js";
import { bytesOf, maxChunkBytes } from "./assemble.js";
import { candidatesOf } from "./candidates.js";
import { createTurns } from "./turns.js";

/** The most spans of a page, for any requested size. */
const maxSpansPerPage = 10_000;
/** The most bytes of a page, unless its only span is larger. The next page begins where this one ends. */
const maxPageBytes = 8 * 1024 * 1024;
/** The memory of a span besides its bytes: keys and objects. */
const bytesPerPlace = 512;
/** A page is trimmed when it holds this many times its size, or this many bytes too many. */
const trimFactor = 2;
const trimBytes = 2 * 1024 * 1024;

/** A span with its sort keys. */
interface PlacedSpan {
  /** The values of the order's fields as text that sorts, then a hash of the content. */
  readonly keys: readonly string[];
  readonly startTimeUnixNano: bigint;
  readonly encoded: Uint8Array;
}

/** One page of the matching spans, in order, in chunks; the last chunk carries the token of the next page. */
export async function* findSpanPage(
  engine: EngineReader,
  query: SpanQuery,
  reading: Reading,
  signal: AbortSignal | undefined,
): AsyncGenerator<SpanChunk, void, undefined> {
  const search = searchOfSpanQuery(query);
  const order = effectiveOrder(query.orderBy);
  const fingerprint = fingerprintOf(["spans", search, order]);
  const walk: PagePosition = query.page?.token
    ? decodePageToken(query.page.token, fingerprint, "page.token")
    : { sequence: await engine.sequence(signal), cursor: [] };
  const size = Math.min(query.page?.size ?? defaultLimit, maxSpansPerPage);
  const compare = compareKeys(order);
  const matches = compilePredicate(search.predicate);
  const page = createPage(size, compare);
  const hold = reading.part();
  const turns = createTurns();

  const consider = (fragment: Fragment): void => {
    for (const { span, encode } of spansWithin(fragment)) {
      const start = span.startTimeUnixNano;
      if (start < search.startTimeMinUnixNano || start > search.startTimeMaxUnixNano) continue;
      const keys = keysOf(span, order);
      // The last key, a hash of the content, costs most: it is made only for spans that may be on the page.
      if (walk.cursor.length > 0 && compare(keys, walk.cursor.slice(0, -1)) < 0) continue;
      if (!page.mayHold(keys) || !matches(span)) continue;
      const encoded = encode();
      const complete = [...keys, createFingerprint(Buffer.from(encoded).toString("latin1"))];
      if (walk.cursor.length > 0 && compare(complete, walk.cursor) <= 0) continue;
      page.add({ keys: complete, startTimeUnixNano: start, encoded });
    }
  };

  const newestFirst = order[0]?.field === "startTime" && order[0].direction === "desc";
  const startTimeMaxUnixNano =
    newestFirst && walk.cursor[0] !== undefined ? BigInt(walk.cursor[0]) : search.startTimeMaxUnixNano;
  const wanted = { ...search, startTimeMaxUnixNano, limit: size };
  for await (const batch of candidatesOf(engine, wanted, reading, signal)) {
    throwIfAborted(signal);
    const batchBytes = bytesOf(batch.fragments);
    for (const fragment of batch.fragments) {
      if (fragment.sequence <= walk.sequence) consider(fragment);
      const room = hold(batchBytes + page.bytes());
      if (room !== undefined) await room;
      const turn = turns();
      if (turn !== undefined) await turn;
      throwIfAborted(signal);
    }
    const last = newestFirst ? page.lastWhenFull() : undefined;
    if (last !== undefined && batch.laterStartAtMostUnixNano < last.startTimeUnixNano) break;
  }

  const { spans, hasMore } = page.finish();
  void hold(page.bytes());
  const last = spans[spans.length - 1];
  const token =
    hasMore && last !== undefined
      ? encodePageToken({ sequence: walk.sequence, cursor: last.keys }, fingerprint)
      : undefined;
  yield* chunksOf(spans, token);
}

/** Keeps the first spans of an order, as many as fit a page. */
function createPage(size: number, compare: (a: readonly string[], b: readonly string[]) => number) {
  let spans: PlacedSpan[] = [];
  let bytes = 0;
  /** The keys of the first dropped span: the page ends before them. */
  let end: readonly string[] | undefined;

  const trim = (): void => {
    spans.sort((a, b) => compare(a.keys, b.keys));
    const kept: PlacedSpan[] = [];
    let keptBytes = 0;
    for (const span of spans) {
      const before = kept[kept.length - 1];
      // Copies of a span have equal keys, so they are neighbours.
      if (before !== undefined && compare(before.keys, span.keys) === 0) continue;
      if (kept.length === size || (kept.length > 0 && keptBytes + span.encoded.length > maxPageBytes)) {
        if (end === undefined || compare(span.keys, end) < 0) end = span.keys;
        break;
      }
      kept.push(span);
      keptBytes += span.encoded.length;
    }
    spans = kept;
    bytes = keptBytes;
  };

  return {
    /** @param keys the last key may be missing. */
    mayHold: (keys: readonly string[]): boolean => end === undefined || compare(keys, end) <= 0,
    add: (span: PlacedSpan): void => {
      // A span behind the first dropped one may still fit, but as the last of the page it would make the next page skip that one.
      if (end !== undefined && compare(span.keys, end) >= 0) return;
      spans.push(span);
      bytes += span.encoded.length;
      if (spans.length > size * trimFactor || bytes > maxPageBytes + trimBytes) trim();
    },
    /** The size of the page in memory. */
    bytes: (): number => bytes + spans.length * bytesPerPlace,
    lastWhenFull: (): PlacedSpan | undefined => {
      if (spans.length > size) trim();
      return end === undefined ? undefined : spans[spans.length - 1];
    },
    finish: (): { spans: readonly PlacedSpan[]; hasMore: boolean } => {
      trim();
      return { spans, hasMore: end !== undefined };
    },
  };
}

/** Every span of a fragment, with a function that encodes it alone with its resource and scope. */
function* spansWithin({ encoded }: Fragment): Generator<{ span: SpanView; encode: () => Uint8Array }, void> {
  for (const group of parseGroups(encoded)) {
    const resource = new ResourceView(group.resource.encoded, group.resource.schemaUrl);
    const scope = new ScopeView(group.scope.encoded, group.scope.schemaUrl);
    for (let i = 0; i < group.spans.length; i += 2) {
      const start = group.spans[i] as number;
      const end = group.spans[i + 1] as number;
      const head = new SpanHead();
      head.scan(encoded, start, end);
      const encode = (): Uint8Array => {
        const writer = new FragmentWriter();
        writer.add(group, start, end);
        return writer.encode();
      };
      yield { span: new SpanView(head, resource, scope), encode };
    }
  }
}

/** Numbers become text of one width, so that text sorts as the numbers do; the offset makes negative durations positive. */
const width = 21;
const offset = 1n << 64n;

function keysOf(span: SpanView, order: readonly Required<SpanOrder>[]): string[] {
  return order.map(({ field }) => keyOf(span, field));
}

function keyOf(span: SpanView, field: SpanOrder["field"]): string {
  switch (field) {
    case "startTime":
      return String(span.startTimeUnixNano).padStart(width, "0");
    case "duration":
      return String(span.durationNano + offset).padStart(width, "0");
    case "traceID":
      return span.traceId;
    case "spanID":
      return span.spanId;
  }
}

/** Compares the keys that both have. The hash of the content, after the keys of the order, ascends. */
function compareKeys(
  order: readonly Required<SpanOrder>[],
): (a: readonly string[], b: readonly string[]) => number {
  return (a, b) => {
    const length = Math.min(a.length, b.length);
    for (let i = 0; i < length; i++) {
      const [left, right] = [a[i] as string, b[i] as string];
      if (left === right) continue;
      const ascending = left < right ? -1 : 1;
      return order[i]?.direction === "desc" ? -ascending : ascending;
    }
    return 0;
  };
}

function* chunksOf(
  spans: readonly PlacedSpan[],
  nextPageToken: string | undefined,
): Generator<SpanChunk, void> {
  let pending: Uint8Array[] = [];
  let bytes = 0;
  for (const { encoded } of spans) {
    if (bytes > 0 && bytes + encoded.length > maxChunkBytes) {
      yield { encoded: joinBytes(...pending) };
      pending = [];
      bytes = 0;
    }
    pending.push(encoded);
    bytes += encoded.length;
  }
  if (bytes > 0) {
    yield { encoded: joinBytes(...pending), ...(nextPageToken === undefined ? {} : { nextPageToken }) };
  }
}
