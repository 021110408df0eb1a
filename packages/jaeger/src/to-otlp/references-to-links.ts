import type { WireWriter } from "@spanstore/core/otlp";
import type { JaegerSpan } from "../model/jaeger-span.js";
import { Rows } from "../model/pairs.js";
import { childOf, followsFrom } from "../model/span-parts.js";

/** The attribute `opentracing.ref_type` of a Link, as an encoded field. */
const childOfAttribute = refTypeAttribute("child_of");
const followsFromAttribute = refTypeAttribute("follows_from");

/**
 * Splits a span's references into its parent and its links. Ids of all zeros count as absent, and a reference without a trace
 * id belongs to the span's trace.
 */
export class ParentAndLinks {
  /** The offset of the parent's id, or -1. */
  parentAt = -1;
  /** The references that become links. */
  readonly links = new Rows();
  /** Whether the translation back yields the same references. */
  comesBack = true;

  read(span: JaegerSpan): void {
    const { references } = span;
    this.parentAt = -1;
    this.links.clear();
    this.comesBack = !span.oddReferences;
    if (references.length === 0) return;
    const parentRow = parentOf(span);
    if (parentRow >= 0) this.parentAt = spanIdAt(span, parentRow);
    for (let row = 0; row < references.length; row++) {
      // Like the collector, this ignores the trace of the reference.
      if (references.type[row] !== childOf || !this.#isParentId(span, row)) this.links.add(row);
    }
    if (this.comesBack) this.comesBack = this.#madeAgain(span);
  }

  /** Writes the links as fields of an OTLP Span. */
  write(writer: WireWriter, field: number, span: JaegerSpan): void {
    const { references, bytes } = span;
    for (let i = this.links.length - 1; i >= 0; i--) {
      const row = this.links.row[i] as number;
      const end = writer.mark();
      const attribute = references.type[row] === childOf ? childOfAttribute : followsFromAttribute;
      writer.range(attribute, 0, attribute.length);
      const spanAt = references.spanStart[row] as number;
      const spanEnd = references.spanEnd[row] as number;
      if (spanEnd > spanAt) writer.field(0x12, bytes, spanAt, spanEnd);
      if (namesTrace(span, row)) {
        const traceAt = references.traceStart[row] as number;
        writeTraceId(writer, 0x0a, bytes, traceAt, references.traceEnd[row] as number);
      } else {
        writeTraceId(writer, 0x0a, bytes, span.traceIdStart, span.traceIdEnd);
      }
      writer.message(field, end);
    }
  }

  #isParentId(span: JaegerSpan, row: number): boolean {
    const at = spanIdAt(span, row);
    if (at < 0 || this.parentAt < 0) return at === this.parentAt;
    for (let i = 0; i < 8; i++) if (span.bytes[at + i] !== span.bytes[this.parentAt + i]) return false;
    return true;
  }

  /** The translation back writes the parent, with the type of the last link that repeats it, and then the other links. */
  #madeAgain(span: JaegerSpan): boolean {
    const { references } = span;
    const hasParent = this.parentAt >= 0;
    // So the parent's reference must come first, and each other one must be a link.
    for (let row = 0; row < references.length; row++) if (!namesTrace(span, row)) return false;
    let next = hasParent ? 1 : 0;
    for (let i = 0; i < this.links.length; i++) {
      const row = this.links.row[i] as number;
      const type = references.type[row];
      if (type !== childOf && type !== followsFrom) return false;
      if (hasParent && this.#isParentId(span, row) && inSameTrace(span, row)) continue;
      if (row !== next++) return false;
    }
    return next === references.length;
  }
}

/** Writes a trace id of 8 or 16 bytes, or an absent one, as 16 bytes. */
export function writeTraceId(
  writer: WireWriter,
  field: number,
  bytes: Uint8Array,
  start: number,
  end: number,
): void {
  const mark = writer.mark();
  writer.range(bytes, start, end);
  if (end - start < 16) writer.zeros(16 - (end - start));
  writer.message(field, mark);
}

/** The first CHILD_OF reference within the trace, else the first FOLLOWS_FROM; -1 without any. */
function parentOf(span: JaegerSpan): number {
  const { references } = span;
  let follows = -1;
  for (let row = 0; row < references.length; row++) {
    const type = references.type[row];
    if ((type !== childOf && (type !== followsFrom || follows >= 0)) || !inSameTrace(span, row)) continue;
    if (type === childOf) return row;
    follows = row;
  }
  return follows;
}

function inSameTrace(span: JaegerSpan, row: number): boolean {
  if (!namesTrace(span, row)) return true;
  const { references, bytes, traceIdStart, traceIdEnd } = span;
  const start = references.traceStart[row] as number;
  const end = references.traceEnd[row] as number;
  for (let i = 1; i <= 16; i++) {
    const byte = end - i >= start ? bytes[end - i] : 0;
    if (byte !== (traceIdEnd - i >= traceIdStart ? bytes[traceIdEnd - i] : 0)) return false;
  }
  return true;
}

function namesTrace({ references, bytes }: JaegerSpan, row: number): boolean {
  const end = references.traceEnd[row] as number;
  for (let at = references.traceStart[row] as number; at < end; at++) if (bytes[at] !== 0) return true;
  return false;
}

function spanIdAt({ references, bytes }: JaegerSpan, row: number): number {
  const start = references.spanStart[row] as number;
  for (let at = start; at < (references.spanEnd[row] as number); at++) if (bytes[at] !== 0) return start;
  return -1;
}

function refTypeAttribute(value: string): Uint8Array {
  const key = field(0x0a, Buffer.from("opentracing.ref_type"));
  const content = field(0x12, field(0x0a, Buffer.from(value)));
  return field(0x22, Buffer.concat([key, content]));
}

/** A field of fewer than 128 bytes. */
function field(tag: number, content: Uint8Array): Uint8Array {
  return Uint8Array.of(tag, content.length, ...content);
}
