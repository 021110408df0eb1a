import { hash } from "node:crypto";
import type { Split, Term, TraceFragment } from "@spanstore/core/engine";
import { parseGroups, type SpanGroup, type SpanView, spansOf } from "@spanstore/core/otlp";
import { SqlBytes } from "../connection/literals.js";
import type { ContentId } from "../schema/ids.js";
import type { TableShape } from "../schema/schema.js";
import { appendTokens } from "../terms/tokens.js";
import { appendLogs, appendRefs, appendTags, scopeTags } from "./json-columns.js";
import type { RowOperation, SeenResource, SeenResources } from "./seen-resources.js";

/** A row to write. */
export interface NewRow {
  /** The number of its content; later its id. */
  readonly id: bigint;
  /** The time that decides its window. */
  readonly unixNano: bigint;
  /** Its SQL after the id: literals with commas between. */
  readonly values: Uint8Array;
  /** The sort key within a statement: similar rows compress better side by side. */
  readonly likeness: string;
}

const thousand = 1000n;
const quote = 0x27;

/** The rows of fragments, without the leading number of their write. @param without terms that the index leaves out. */
export function fragmentRows(
  fragments: readonly TraceFragment[],
  without: ReadonlySet<Term>,
  idOf: ContentId,
  { columns }: TableShape,
): NewRow[] {
  const out = new SqlBytes();
  const hasOldest = columns.some(({ name }) => name === "oldest_start");
  const ends = fragments.map((fragment) => {
    const { newestStartUnixNano: newest, oldestStartUnixNano: oldest } = fragment;
    out.ascii(`${newest / thousand},${hasOldest ? `${oldest / thousand},` : ""}'`);
    appendTokens(out, fragment, without);
    out.ascii("',");
    out.literal(fragment.encoded);
    return out.length;
  });
  return fragments.map(({ encoded, newestStartUnixNano: unixNano }, i) => {
    const { value: first } = spansOf(encoded).next();
    const likeness = first === undefined ? "" : likenessOf(first);
    const values = out.bytes.subarray(i === 0 ? 0 : ends[i - 1], ends[i]);
    return { id: idOf(encoded), unixNano, values, likeness };
  });
}

/** A span's row for people, and its operation. */
export interface SpanRow extends NewRow {
  readonly operation: RowOperation;
}

/** The rows of all spans of a request that were not rejected. */
export function spanRows(
  encoded: Uint8Array,
  { fragments, rejected }: Split,
  resources: SeenResources,
  idOf: ContentId,
): SpanRow[] {
  // A request with malformed spans cannot be walked; its fragments hold the other spans.
  const sources = rejected.length === 0 ? [encoded] : fragments.map((fragment) => fragment.encoded);
  return sources.flatMap((source) => rowsOf(source, resources, idOf));
}

function rowsOf(source: Uint8Array, resources: SeenResources, idOf: ContentId): SpanRow[] {
  const out = new SqlBytes(source.length * 2 + 1024);
  const rows: { -readonly [K in keyof SpanRow]: SpanRow[K] }[] = [];
  const ends: number[] = [];
  const views = spansOf(source);
  for (const group of parseGroups(source)) {
    if (group.spans.length === 0) continue;
    const content = createContent(group);
    let resource: SeenResource | undefined;
    let ofScope: Uint8Array | undefined;
    for (let i = 0; i < group.spans.length; i += 2) {
      const span = views.next().value as SpanView;
      resource ??= resources(group.resource.encoded, span.resource);
      ofScope ??= scopeTags(span.scope);
      const operation = resource.operationOf(span);
      appendSpan(out, span, operation, resource.process, ofScope);
      ends.push(out.length);
      rows.push({
        id: idOf(content(group.spans[i] as number, group.spans[i + 1] as number)),
        values: out.bytes,
        likeness: operation.likeness,
        unixNano: span.startTimeUnixNano,
        operation,
      });
    }
  }
  rows.forEach((row, i) => {
    row.values = out.bytes.subarray(i === 0 ? 0 : ends[i - 1], ends[i]);
  });
  return rows;
}

function likenessOf({ resource, name }: SpanView): string {
  return `${resource.serviceName} ${name}`;
}

let scratch = Buffer.alloc(1 << 12);

/**
 * Makes the content that identifies a span of a group: a hash of its resource and scope, then its own bytes. The result
 * is valid until the next call.
 */
function createContent({ bytes, resource, scope }: SpanGroup): (start: number, end: number) => Uint8Array {
  const lengths: number[] = [];
  const parts: Uint8Array[] = [];
  for (const { raw } of [resource, scope]) {
    let length = 0;
    for (let i = 0; i < raw.length; i += 2) {
      const part = bytes.subarray(raw[i] as number, raw[i + 1] as number);
      parts.push(part);
      length += part.length;
    }
    lengths.push(length);
  }
  const context = hash(
    "sha1",
    Buffer.concat([Buffer.from(Uint32Array.from(lengths).buffer), ...parts]),
    "buffer",
  );
  return (start, end) => {
    const length = context.length + end - start;
    if (scratch.length < length) scratch = Buffer.alloc(length * 2);
    scratch.set(context);
    scratch.set(bytes.subarray(start, end), context.length);
    return scratch.subarray(0, length);
  };
}

const statusWords = ["unset", "ok", "error"];

function appendSpan(
  out: SqlBytes,
  span: SpanView,
  operation: RowOperation,
  process: Uint8Array,
  ofScope: Uint8Array,
): void {
  const { bytes, traceIdAt, traceIdEnd, spanIdAt, spanIdEnd, startTimeAt, endTimeAt } = span.head;
  out.byte(quote);
  out.hex(bytes, traceIdAt, traceIdEnd);
  out.ascii("','");
  out.hex(bytes, spanIdAt, spanIdEnd);
  out.ascii(`','${span.parentSpanId}',`);
  out.raw(operation.sql);
  out.ascii(`'${statusWords[span.statusCode] ?? span.statusCode}',`);
  const start = microsAt(bytes, startTimeAt);
  const end = microsAt(bytes, endTimeAt);
  if (start === undefined || end === undefined) {
    appendFarTimes(out, span);
  } else {
    const startRest = nanosAt(bytes, startTimeAt);
    // The rest is 0 to 999 even for a span that ends before it starts.
    const rest = nanosAt(bytes, endTimeAt) - startRest;
    out.integer(start);
    out.comma();
    out.integer(startRest);
    out.comma();
    out.integer(end - start - (rest < 0 ? 1 : 0));
    out.comma();
    out.integer(rest < 0 ? rest + 1000 : rest);
  }
  out.ascii(",'");
  appendLogs(out, span);
  out.ascii("','");
  appendTags(out, span, ofScope);
  out.ascii("','");
  appendRefs(out, span);
  out.ascii("','");
  out.raw(process);
  out.byte(quote);
}

/** Appends the times of {@link appendSpan} when a double cannot hold them. */
function appendFarTimes(out: SqlBytes, { startTimeUnixNano: start, durationNano: duration }: SpanView): void {
  const startRest = start % thousand;
  const durationRest = ((duration % thousand) + thousand) % thousand;
  out.ascii(
    `${(start - startRest) / thousand},${startRest},${(duration - durationRest) / thousand},${durationRest}`,
  );
}

/** 2^32 is `highThousands` * 1000 + `highRest`. */
const highThousands = 4_294_967;
const highRest = 296;
/** The limit of the upper half of a time: until the year 2242 a double holds the microseconds. */
const maxHigh = 2_000_000_000;

/** The microseconds of an eight-byte time; undefined when a double may not hold them. An absent time is 0. */
function microsAt(bytes: Uint8Array, at: number): number | undefined {
  if (at < 0) return 0;
  const high = wordAt(bytes, at + 4);
  if (high >= maxHigh) return undefined;
  return high * highThousands + Math.floor((high * highRest + wordAt(bytes, at)) / 1000);
}

/** The nanoseconds of a time beyond its microseconds, 0 to 999. */
function nanosAt(bytes: Uint8Array, at: number): number {
  return at < 0 ? 0 : (wordAt(bytes, at + 4) * highRest + wordAt(bytes, at)) % 1000;
}

function wordAt(bytes: Uint8Array, at: number): number {
  const [a, b, c, d] = [bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]] as [
    number,
    number,
    number,
    number,
  ];
  return (a | (b << 8) | (c << 16) | (d << 24)) >>> 0;
}
