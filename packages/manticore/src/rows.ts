import { hash } from "node:crypto";
import {
  parseGroups,
  type ResourceView,
  type SpanGroup,
  type SpanView,
  type Split,
  spanKindWord,
  spansOf,
  type Term,
  type TraceFragment,
} from "@spanstore/core";
import type { ContentId } from "./ids.js";
import { appendLogs, appendProcess, appendRefs, appendTags } from "./json-columns.js";
import { SqlBytes } from "./literals.js";
import { appendTokens } from "./tokens.js";

/** A row to be written. */
export interface NewRow {
  /** Its content's number, or already its id. */
  readonly id: bigint;
  /** What stands behind its id in a statement: literals with commas between. */
  readonly values: Uint8Array;
  /** Rows that are alike stand side by side, since they compress better so. */
  readonly likeness: string;
}

const thousand = 1000n;
const quote = 0x27;

/** Fragments' rows, but for the number of their write, which stands before all else; some terms are left out. */
export function fragmentRows(
  fragments: readonly TraceFragment[],
  without: ReadonlySet<Term>,
  idOf: ContentId,
): NewRow[] {
  const out = new SqlBytes();
  const ends = fragments.map((fragment) => {
    out.ascii(`${fragment.newestStartUnixNano / thousand},'`);
    appendTokens(out, fragment, without);
    out.ascii("',");
    out.literal(fragment.encoded);
    return out.length;
  });
  return fragments.map(({ encoded }, i) => {
    const { value: first } = spansOf(encoded).next();
    const likeness = first === undefined ? "" : likenessOf(first);
    return { id: idOf(encoded), values: out.bytes.subarray(i === 0 ? 0 : ends[i - 1], ends[i]), likeness };
  });
}

/** A span's row for people, and what decides where it belongs and which operation it makes known. */
export interface SpanRow extends NewRow {
  readonly startUnixNano: bigint;
  readonly service: string;
  readonly name: string;
  readonly spanKind: string;
}

/** The rows of all spans of a request that were not rejected. */
export function spanRows(encoded: Uint8Array, { fragments, rejected }: Split, idOf: ContentId): SpanRow[] {
  // A request with malformed spans can not be walked; the fragments hold the others.
  const sources = rejected.length === 0 ? [encoded] : fragments.map((fragment) => fragment.encoded);
  return sources.flatMap((source) => rowsOf(source, idOf));
}

function rowsOf(source: Uint8Array, idOf: ContentId): SpanRow[] {
  const out = new SqlBytes(source.length * 2 + 1024);
  const rows: { -readonly [K in keyof SpanRow]: SpanRow[K] }[] = [];
  const ends: number[] = [];
  const processes = new Map<ResourceView, Uint8Array>();
  const views = spansOf(source);
  for (const group of parseGroups(source)) {
    if (group.spans.length === 0) continue;
    const content = createContent(group);
    for (let i = 0; i < group.spans.length; i += 2) {
      const span = views.next().value as SpanView;
      const spanKind = spanKindWord(span.kind);
      appendSpan(out, span, spanKind, processes);
      ends.push(out.length);
      rows.push({
        id: idOf(content(group.spans[i] as number, group.spans[i + 1] as number)),
        values: out.bytes,
        likeness: likenessOf(span),
        startUnixNano: span.startTimeUnixNano,
        service: span.resource.serviceName,
        name: span.name,
        spanKind,
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
 * What tells a span of a group apart from all others: its own bytes behind a hash of all of its resource and scope.
 * The bytes are overwritten by the next one's.
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
  spanKind: string,
  processes: Map<ResourceView, Uint8Array>,
): void {
  const { resource } = span;
  out.ascii(`'${span.traceId}','${span.spanId}','${span.parentSpanId}',`);
  out.text(span.name);
  out.comma();
  out.text(resource.serviceName);
  const start = span.startTimeUnixNano;
  const startRest = start % thousand;
  const duration = span.durationNano;
  // Of a span that ends before it starts too, 0 to 999 are to be added.
  const durationRest = ((duration % thousand) + thousand) % thousand;
  out.ascii(
    `,'${spanKind}','${statusWords[span.statusCode] ?? span.statusCode}',${(start - startRest) / thousand},` +
      `${startRest},${(duration - durationRest) / thousand},${durationRest},'`,
  );
  appendLogs(out, span);
  out.ascii("','");
  appendTags(out, span);
  out.ascii("','");
  appendRefs(out, span);
  out.ascii("','");
  out.raw(processOf(resource, processes));
  out.byte(quote);
}

function processOf(resource: ResourceView, processes: Map<ResourceView, Uint8Array>): Uint8Array {
  let process = processes.get(resource);
  if (process === undefined) {
    const json = new SqlBytes(1024);
    appendProcess(json, resource.attributes);
    process = json.bytes.subarray(0, json.length);
    processes.set(resource, process);
  }
  return process;
}
