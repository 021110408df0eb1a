import type { WireWriter } from "@spanstore/core/otlp";
import { JaegerSpan } from "../model/jaeger-span.js";
import { eventKey, keyBytes, warningsKey } from "../model/keys.js";
import { OtlpSpan } from "../model/otlp-span.js";
import { listType, Rows, stringType } from "../model/pairs.js";
import { malformed } from "../model/refuse.js";
import type { Surroundings } from "../model/surroundings.js";
import { attribute, eventSource, literal, Script } from "../model/tag-script.js";
import { writeDuration, writeTimestamp } from "../model/times.js";
import { textsOfList, valueText } from "../model/value-text.js";
import { Kept, readScript } from "../to-otlp/read-kept.js";
import { writeId, writeReferences } from "./links-to-references.js";
import { writeTags, writeTagsOfScript } from "./tags-of-span.js";
import { writeTag, writeTextTag } from "./write-tag.js";

const eventKeyBytes = keyBytes[eventKey] as Uint8Array;
const fieldsTag = 0x12;
const warningsTag = 0x62;

// Shared by all spans: each is written to its end before the next begins.
const span = new OtlpSpan();
const kept = new Kept();
/** The original fields that were kept. */
const keptFields = new JaegerSpan();
const noFields = new JaegerSpan();
const script = new Script();
/** Rows of the attributes that are tags. */
const rows = new Rows();

/**
 * Writes an OTLP Span as the content of a jaeger.api_v2.Span.
 * @throws INVALID_TRACES, without a field, when the bytes are no Span.
 */
export function writeJaegerSpan(
  writer: WireWriter,
  bytes: Uint8Array,
  start: number,
  end: number,
  surroundings: Surroundings,
): void {
  span.read(bytes, start, end);
  kept.read(bytes, span.keptStart, span.keptEnd, readFields);
  const fields = kept.fieldsEnd > 0 ? keptFields : noFields;
  writer.range(bytes, kept.fieldsStart, kept.fieldsEnd);
  writeWarnings(writer);
  writer.range(surroundings.process, 0, surroundings.process.length);
  if (fields.logs.length === 0) writeLogs(writer);
  if (kept.tagsStart >= 0 && readScript(script, bytes, kept.tagsStart, kept.tagsEnd, rows.length)) {
    writeTagsOfScript(writer, span, surroundings, rows, script);
  } else {
    writeTags(writer, span, surroundings, rows);
  }
  if (fields.durationField.length === 0) {
    const mark = writer.mark();
    writeDuration(writer, span.start, span.end);
    writer.message(0x3a, mark);
  }
  if (fields.startField.length === 0) {
    const mark = writer.mark();
    writeTimestamp(writer, span.start.high, span.start.low);
    writer.message(0x32, mark);
  }
  if (kept.flags !== 0) {
    writer.varint(kept.flags);
    writer.byte(0x28);
  }
  if (fields.references.length === 0) writeReferences(writer, 0x22, span);
  if (span.nameEnd > span.nameStart) writer.field(0x1a, bytes, span.nameStart, span.nameEnd);
  writeId(writer, 0x12, bytes, span.spanIdStart, span.spanIdEnd, 8);
  writeId(writer, 0x0a, bytes, span.traceIdStart, span.traceIdEnd, 16);
}

function readFields({ fieldsStart, fieldsEnd }: Kept): void {
  if (fieldsEnd === 0) return;
  const fields = keptFields;
  fields.read(span.bytes, fieldsStart, fieldsEnd);
  // These are never kept. They would replace the span's own.
  const others =
    fields.traceIdEnd + fields.spanIdEnd + fields.nameEnd + fields.tagsEnd + fields.warnings.length;
  if (others > 0 || fields.hasProcess) malformed("fields that are not kept");
}

/** Writes the warnings, which Jaeger keeps in an attribute, and collects the rows of the remaining attributes. */
function writeWarnings(writer: WireWriter): void {
  const { pairs, attributesEnd } = span;
  const row = kept.noWarnings ? -1 : pairs.find(warningsKey, attributesEnd);
  let hasWarnings = false;
  if (row >= 0) {
    if (pairs.type[row] === listType) {
      const texts = textsOfList(pairs, row);
      hasWarnings = texts.length > 0;
      for (let i = texts.length - 1; i >= 0; i--) {
        writer.field(warningsTag, span.bytes, texts.start[i] as number, texts.end[i] as number);
      }
    } else {
      hasWarnings = true;
      writeWarning(writer, row);
    }
  }
  rows.clear();
  for (let i = 0; i < attributesEnd; i++) {
    if (!hasWarnings || pairs.key[i] !== warningsKey) rows.add(i);
  }
}

/** Writes a single warning from an attribute that should have been a list. */
function writeWarning(writer: WireWriter, row: number): void {
  const { pairs } = span;
  if (pairs.type[row] !== stringType) writer.text(warningsTag, valueText(pairs, row));
  else writer.field(warningsTag, span.bytes, pairs.valueStart[row] as number, pairs.valueEnd[row] as number);
}

function writeLogs(writer: WireWriter): void {
  const { events } = span;
  for (let row = events.length - 1; row >= 0; row--) {
    const end = writer.mark();
    if (!writeFieldsOfScript(writer, row)) writeFields(writer, row);
    const time = writer.mark();
    writeTimestamp(writer, events.timeHigh[row] as number, events.timeLow[row] as number);
    writer.message(0x0a, time);
    writer.message(0x4a, end);
  }
}

function writeFields(writer: WireWriter, row: number): void {
  const { events, pairs } = span;
  for (let i = (events.to[row] as number) - 1; i >= (events.from[row] as number); i--) {
    writeTag(writer, fieldsTag, pairs, i);
  }
  const hasName = (events.nameEnd[row] as number) > (events.nameStart[row] as number);
  if (hasName && events.hasEventKey[row] !== true) writeEventName(writer, row);
}

/** @returns false when the log has no valid script. */
function writeFieldsOfScript(writer: WireWriter, row: number): boolean {
  const { events, pairs, bytes } = span;
  const { logs, logIndex } = kept;
  const from = events.from[row] as number;
  for (let i = 0; i < logs.length; i++) {
    if (logIndex[i] !== row) continue;
    const count = (events.to[row] as number) - from;
    if (!readScript(script, bytes, logs.start[i] as number, logs.end[i] as number, count)) return false;
    for (let k = script.length - 1; k >= 0; k--) {
      const at = script.at[k] as number;
      if (script.source[k] === attribute) writeTag(writer, fieldsTag, pairs, from + at);
      else if (script.source[k] === literal) writer.field(fieldsTag, bytes, at, script.end[k] as number);
      else if (script.source[k] === eventSource) writeEventName(writer, row);
    }
    return true;
  }
  return false;
}

function writeEventName(writer: WireWriter, row: number): void {
  const { events, bytes } = span;
  const start = events.nameStart[row] as number;
  writeTextTag(writer, fieldsTag, eventKeyBytes, bytes, start, events.nameEnd[row] as number);
}
