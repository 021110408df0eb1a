import { WireWriter } from "@spanstore/core/otlp";
import { AttributeRows } from "../model/attribute-rows.js";
import { JaegerSpan } from "../model/jaeger-span.js";
import {
  keptFieldsTag,
  keptFlagsTag,
  keptLogFieldsTag,
  keptLogIndexTag,
  keptLogTag,
  keptNoWarningsTag,
  keptTag,
  keptTagsTag,
} from "../model/kept.js";
import { eventKey, keyBytes, warningsKey } from "../model/keys.js";
import { stringType } from "../model/pairs.js";
import { errorCode, okCode, SpanMeaning, textFieldOf } from "../model/span-meaning.js";
import {
  attribute,
  descriptionSource,
  errorCodeSource,
  errorSource,
  eventSource,
  kindSource,
  literal,
  okSource,
  scopeNameSource,
  scopeVersionSource,
  traceStateSource,
  writeScript,
} from "../model/tag-script.js";
import { add, Int64 } from "../model/times.js";
import { writeResource } from "./process-to-resource.js";
import { ParentAndLinks, writeTraceId } from "./references-to-links.js";
import { textOf, writeAttribute, writeTextOf } from "./write-attribute.js";

const warningsBytes = keyBytes[warningsKey] as Uint8Array;
/** The field `start_time` with Go's zero time, the first instant of the year 1. */
const unsetStartField = Uint8Array.from(Buffer.from("320b088092b8c398feffffff01", "hex"));

// Shared by all calls: each ends before the next begins.
const span = new JaegerSpan();
const rows = new AttributeRows();
const meaning = new SpanMeaning();
const parentAndLinks = new ParentAndLinks();
const writer = new WireWriter();
const spanEnd = new Int64();
/** By log: the row of the tag that names its event, or -1; and whether its fields come back unchanged without a script. */
const eventRows: number[] = [];
const sameFields: boolean[] = [];

/**
 * Converts an encoded jaeger.api_v2.Span with its process to an encoded TracesData of one span. Such TracesData may be
 * concatenated. The OTLP is that of the OpenTelemetry collector; our own fields (kept.ts) hold what it would lose, so that
 * `jaegerSpansOf` returns the same span.
 *
 * @throws INVALID_TRACES, with `field` in Jaeger's names (`references[0].trace_id`), when the bytes between
 *   `start` and `end` are no span.
 */
export function otlpOfJaegerSpan(bytes: Uint8Array, start = 0, end = bytes.length): Uint8Array {
  span.read(bytes, start, end);
  writer.reset();
  rows.clear();
  meaning.read(span, rows);
  parentAndLinks.read(span);
  readLogs();
  writeSpan();
  writer.message(0x12, 0);
  writeScope();
  writer.message(0x12, 0);
  const resourceEnd = writer.mark();
  writeResource(writer, span, rows);
  writer.message(0x0a, resourceEnd);
  writer.message(0x0a, 0);
  return writer.take();
}

function readLogs(): void {
  const { logs, pairs } = span;
  for (let log = 0; log < logs.length; log++) {
    const from = logs.from[log] as number;
    const to = logs.to[log] as number;
    rows.put(pairs, from, to);
    const eventRow = rows.valueOf(eventKey);
    eventRows[log] = eventRow;
    let row = from;
    if (eventRow >= 0) {
      rows.remove(eventKey, pairs.type[eventRow] === stringType ? eventSource : literal);
      if (rows.role[from] === eventSource && textOf(pairs, eventRow).length > 0) row++;
    }
    while (row < to && rows.role[row] === attribute) row++;
    sameFields[log] = row === to;
  }
}

function writeSpan(): void {
  const { bytes, pairs, traceIdStart, traceIdEnd, spanIdStart, spanIdEnd, nameStart, nameEnd } = span;
  const fits = add(span.start, span.duration, spanEnd);
  writeKept(fits);
  writeStatus();
  parentAndLinks.write(writer, 0x6a, span);
  writeEvents();
  writeWarnings();
  for (let row = span.tagsEnd - 1; row >= 0; row--) {
    const valueRow = rows.owner[row] as number;
    if (valueRow >= 0) writeAttribute(writer, 0x4a, pairs, row, valueRow);
  }
  writeTime(0x41, spanEnd);
  writeTime(0x39, span.start);
  if (meaning.kind > 0) {
    writer.byte(meaning.kind);
    writer.byte(0x30);
  }
  if (nameEnd > nameStart) writer.field(0x2a, bytes, nameStart, nameEnd);
  const { parentAt } = parentAndLinks;
  if (parentAt >= 0) writer.field(0x22, bytes, parentAt, parentAt + 8);
  if (meaning.traceStateRow >= 0) writeTextOf(writer, 0x1a, pairs, meaning.traceStateRow);
  writer.range(bytes, spanIdStart, spanIdEnd);
  if (spanIdEnd === spanIdStart) writer.zeros(8);
  writer.varint(8);
  writer.byte(0x12);
  writeTraceId(writer, 0x0a, bytes, traceIdStart, traceIdEnd);
}

function writeTime(tag: number, { high, low }: Int64): void {
  if (high === 0 && low === 0) return;
  writer.fixed64(high, low);
  writer.byte(tag);
}

function writeStatus(): void {
  const end = writer.mark();
  if (meaning.statusCode > 0) {
    writer.byte(meaning.statusCode);
    writer.byte(0x18);
  }
  if (meaning.messageRow >= 0) writeTextOf(writer, 0x12, span.pairs, meaning.messageRow);
  if (writer.mark() > end) writer.message(0x7a, end);
}

function writeEvents(): void {
  const { logs, pairs } = span;
  for (let log = logs.length - 1; log >= 0; log--) {
    const end = writer.mark();
    for (let row = (logs.to[log] as number) - 1; row >= (logs.from[log] as number); row--) {
      const valueRow = rows.owner[row] as number;
      if (valueRow >= 0) writeAttribute(writer, 0x1a, pairs, row, valueRow);
    }
    const eventRow = eventRows[log] as number;
    if (eventRow >= 0) writeTextOf(writer, 0x12, pairs, eventRow);
    const high = logs.timeHigh[log] as number;
    const low = logs.timeLow[log] as number;
    if (high !== 0 || low !== 0) {
      writer.fixed64(high, low);
      writer.byte(0x09);
    }
    writer.message(0x5a, end);
  }
}

/** Writes the warnings as Jaeger itself puts them into OTLP: a list of texts. */
function writeWarnings(): void {
  const { bytes, warnings } = span;
  if (warnings.length === 0) return;
  const end = writer.mark();
  for (let i = warnings.length - 1; i >= 0; i--) {
    const mark = writer.mark();
    writer.field(0x0a, bytes, warnings.start[i] as number, warnings.end[i] as number);
    writer.message(0x0a, mark);
  }
  writer.message(0x2a, end);
  writer.message(0x12, end);
  writer.field(0x0a, warningsBytes, 0, warningsBytes.length);
  writer.message(0x4a, end);
}

function writeScope(): void {
  const { scopeNameRow, scopeVersionRow } = meaning;
  if (scopeNameRow < 0) return;
  const end = writer.mark();
  if (scopeVersionRow >= 0) writeScopeText(0x12, scopeVersionRow);
  writeScopeText(0x0a, scopeNameRow);
  if (writer.mark() > end) writer.message(0x0a, end);
}

function writeScopeText(tag: number, row: number): void {
  const [start, end] = textFieldOf(span.pairs, row);
  if (end > start) writer.field(tag, span.bytes, start, end);
}

/** @param durationFits whether the duration follows from start and end. */
function writeKept(durationFits: boolean): void {
  const end = writer.mark();
  if (meaning.warningsAreTag) {
    writer.byte(1);
    writer.byte(keptNoWarningsTag);
  }
  writeKeptFields(durationFits);
  if (!span.oddLogs) writeKeptLogs();
  if (!tagsComeBack()) {
    const mark = writer.mark();
    writeScript(writer, span.pairs, 0, span.tagsEnd, rows.role);
    writer.message(keptTagsTag, mark);
  }
  if (span.flags !== 0) {
    writer.varint(span.flags);
    writer.byte(keptFlagsTag);
  }
  if (writer.mark() === end) return;
  writer.varint(writer.mark() - end);
  writer.varint(keptTag);
}

function writeKeptFields(durationFits: boolean): void {
  const { bytes } = span;
  const mark = writer.mark();
  span.otherFields.write(writer, bytes);
  if (span.oddLogs) span.logFields.write(writer, bytes);
  if (!durationFits) span.durationField.write(writer, bytes);
  if (span.startFit === "wrapped") span.startField.write(writer, bytes);
  else if (span.startFit === "unset") writer.range(unsetStartField, 0, unsetStartField.length);
  if (!parentAndLinks.comesBack) span.referenceFields.write(writer, bytes);
  if (writer.mark() > mark) writer.message(keptFieldsTag, mark);
}

function writeKeptLogs(): void {
  const { logs, pairs } = span;
  for (let log = logs.length - 1; log >= 0; log--) {
    if (sameFields[log] === true) continue;
    const end = writer.mark();
    writeScript(writer, pairs, logs.from[log] as number, logs.to[log] as number, rows.role);
    writer.message(keptLogFieldsTag, end);
    if (log > 0) {
      writer.varint(log);
      writer.byte(keptLogIndexTag);
    }
    writer.message(keptLogTag, end);
  }
}

/** Whether the tags come back in this order without a script: the order in which `writeTags` writes them. */
function tagsComeBack(): boolean {
  const { scopeNameRow, scopeVersionRow, kind, statusCode, messageRow, traceStateRow } = meaning;
  const { role } = rows;
  let row = 0;
  if (hasScopeText(scopeNameRow) && role[row++] !== scopeNameSource) return false;
  if (hasScopeText(scopeVersionRow) && role[row++] !== scopeVersionSource) return false;
  while (row < span.tagsEnd && role[row] === attribute) row++;
  if (kind > 0 && role[row++] !== kindSource) return false;
  if (statusCode === okCode && role[row++] !== okSource) return false;
  if (statusCode === errorCode && role[row++] !== errorCodeSource) return false;
  if (statusCode === errorCode && role[row++] !== errorSource) return false;
  if (hasText(messageRow) && role[row++] !== descriptionSource) return false;
  if (hasText(traceStateRow) && role[row++] !== traceStateSource) return false;
  return row === span.tagsEnd;
}

function hasText(row: number): boolean {
  return row >= 0 && textOf(span.pairs, row).length > 0;
}

function hasScopeText(row: number): boolean {
  if (row < 0) return false;
  const [start, end] = textFieldOf(span.pairs, row);
  return end > start;
}
