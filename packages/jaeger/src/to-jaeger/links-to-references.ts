import type { WireWriter } from "@spanstore/core/otlp";
import type { OtlpSpan } from "../model/otlp-span.js";
import { childOf } from "../model/span-parts.js";

const traceIdSize = 16;
const spanIdSize = 8;

/** Writes parent and links as the references of a span, the parent first. */
export function writeReferences(writer: WireWriter, field: number, span: OtlpSpan): void {
  const { links, bytes } = span;
  const hasParent = !isZero(bytes, span.parentStart, span.parentEnd);
  // A link to the parent only gives the type of the parent's reference.
  let parentType = childOf;
  for (let row = links.length - 1; row >= 0; row--) {
    if (hasParent && isParent(span, row)) continue;
    writeReference(
      writer,
      field,
      bytes,
      links.traceStart[row] as number,
      links.traceEnd[row] as number,
      links.spanStart[row] as number,
      links.spanEnd[row] as number,
      links.type[row] as number,
    );
  }
  if (!hasParent) return;
  for (let row = 0; row < links.length; row++) {
    if (isParent(span, row)) parentType = links.type[row] as number;
  }
  const { traceIdStart, traceIdEnd, parentStart, parentEnd } = span;
  writeReference(writer, field, bytes, traceIdStart, traceIdEnd, parentStart, parentEnd, parentType);
}

/** Writes an id; an absent one as zeros. */
export function writeId(
  writer: WireWriter,
  field: number,
  bytes: Uint8Array,
  start: number,
  end: number,
  size: number,
): void {
  if (end > start) writer.range(bytes, start, end);
  else writer.zeros(size);
  writer.varint(size);
  writer.byte(field);
}

function writeReference(
  writer: WireWriter,
  field: number,
  bytes: Uint8Array,
  traceStart: number,
  traceEnd: number,
  spanStart: number,
  spanEnd: number,
  type: number,
): void {
  const end = writer.mark();
  if (type !== childOf) {
    writer.byte(type);
    writer.byte(0x18);
  }
  writeId(writer, 0x12, bytes, spanStart, spanEnd, spanIdSize);
  writeId(writer, 0x0a, bytes, traceStart, traceEnd, traceIdSize);
  writer.message(field, end);
}

function isParent(span: OtlpSpan, row: number): boolean {
  const { bytes, links } = span;
  return (
    same(bytes, span.parentStart, span.parentEnd, links.spanStart[row], links.spanEnd[row]) &&
    same(bytes, span.traceIdStart, span.traceIdEnd, links.traceStart[row], links.traceEnd[row])
  );
}

/** Whether two ids are equal; an absent id equals one of all zeros. */
function same(bytes: Uint8Array, start: number, end: number, otherStart = 0, otherEnd = 0): boolean {
  if (end === start || otherEnd === otherStart) {
    return isZero(bytes, start, end) && isZero(bytes, otherStart, otherEnd);
  }
  for (let i = 0; i < end - start; i++) if (bytes[start + i] !== bytes[otherStart + i]) return false;
  return true;
}

function isZero(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if (bytes[at] !== 0) return false;
  return true;
}
