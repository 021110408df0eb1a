import type { WireWriter } from "@spanstore/core/otlp";
import type { AttributeRows } from "../model/attribute-rows.js";
import type { JaegerSpan } from "../model/jaeger-span.js";
import { keptAbsentTag, keptFieldsTag, keptTag, keptTagsTag, noServiceName } from "../model/kept.js";
import {
  exporterVersionKey,
  hostNameKey,
  hostnameKey,
  jaegerVersionKey,
  keyBytes,
  rangeEquals,
  serviceNameKey,
} from "../model/keys.js";
import { type Pairs, stringType } from "../model/pairs.js";
import {
  attribute,
  attributeLiteral,
  hostnameSource,
  jaegerVersionSource,
  literal,
  writeScript,
} from "../model/tag-script.js";
import { textOf, writeAttribute, writeJaegerVersion, writeRenamedAttribute } from "./write-attribute.js";

const attributesTag = 0x0a;
const serviceNameTag = 0x0a;
const serviceNameBytes = keyBytes[serviceNameKey] as Uint8Array;
const hostNameBytes = keyBytes[hostNameKey] as Uint8Array;
const exporterVersionBytes = keyBytes[exporterVersionKey] as Uint8Array;

/** Writes the process of a span as the content of OTLP's Resource. */
export function writeResource(writer: WireWriter, span: JaegerSpan, rows: AttributeRows): void {
  const { pairs, bytes, logsEnd: from, serviceStart, serviceEnd } = span;
  const to = pairs.length;
  rows.put(pairs, from, to);
  // The collector gives such processes no resource.
  if (!span.hasProcess || rangeEquals(bytes, serviceStart, serviceEnd, noServiceName)) {
    for (let row = from; row < to; row++) rows.role[row] = literal;
    writeKept(writer, span, rows, true);
    return;
  }
  const serviceRow = rows.valueOf(serviceNameKey);
  if (serviceRow >= 0) rows.remove(serviceNameKey, literal);
  const hostRow = rows.rowOf(hostNameKey) < 0 ? rows.rowOf(hostnameKey) : -1;
  if (hostRow >= 0) rename(rows, hostRow, hostnameSource);
  const versionRow = rows.rowOf(exporterVersionKey) < 0 ? rows.rowOf(jaegerVersionKey) : -1;
  if (versionRow >= 0) {
    rename(rows, versionRow, pairs.type[versionRow] === stringType ? jaegerVersionSource : attributeLiteral);
  }
  writeKept(writer, span, rows, serviceComesBack(span, serviceRow));
  for (let row = to - 1; row >= from; row--) {
    const valueRow = rows.owner[row] as number;
    if (valueRow < 0) continue;
    if (row === hostRow) writeRenamedAttribute(writer, attributesTag, hostNameBytes, pairs, valueRow);
    else if (row === versionRow) {
      writeJaegerVersion(writer, attributesTag, exporterVersionBytes, pairs, valueRow);
    } else writeAttribute(writer, attributesTag, pairs, row, valueRow);
  }
  if (serviceRow >= 0) writeRenamedAttribute(writer, attributesTag, serviceNameBytes, pairs, serviceRow);
  else if (serviceEnd > serviceStart) writeServiceName(writer, bytes, serviceStart, serviceEnd);
}

function rename(rows: AttributeRows, row: number, source: number): void {
  if (rows.role[row] === attribute) rows.role[row] = source;
}

function writeServiceName(writer: WireWriter, bytes: Uint8Array, start: number, end: number): void {
  const mark = writer.mark();
  writer.field(0x0a, bytes, start, end);
  writer.message(0x12, mark);
  writer.field(0x0a, serviceNameBytes, 0, serviceNameBytes.length);
  writer.message(attributesTag, mark);
}

/** Whether the service's name follows from the attributes. */
function serviceComesBack(span: JaegerSpan, serviceRow: number): boolean {
  const { pairs, bytes, serviceStart, serviceEnd } = span;
  if (serviceRow >= 0) return rangeEquals(bytes, serviceStart, serviceEnd, textOf(pairs, serviceRow));
  return serviceEnd > serviceStart || pairs.length > span.logsEnd;
}

function writeKept(writer: WireWriter, span: JaegerSpan, rows: AttributeRows, sameService: boolean): void {
  const { pairs, bytes, logsEnd, otherProcessFields } = span;
  const sameTags = areAttributes(rows, logsEnd, pairs);
  if (span.hasProcess && sameService && sameTags && otherProcessFields.length === 0) return;
  const end = writer.mark();
  if (!span.hasProcess) {
    writer.byte(1);
    writer.byte(keptAbsentTag);
  }
  if (!sameService || otherProcessFields.length > 0) {
    const mark = writer.mark();
    otherProcessFields.write(writer, bytes);
    if (!sameService) writer.field(serviceNameTag, bytes, span.serviceStart, span.serviceEnd);
    writer.message(keptFieldsTag, mark);
  }
  if (!sameTags) {
    const mark = writer.mark();
    writeScript(writer, pairs, logsEnd, pairs.length, rows.role);
    writer.message(keptTagsTag, mark);
  }
  writer.varint(writer.mark() - end);
  writer.varint(keptTag);
}

function areAttributes(rows: AttributeRows, from: number, pairs: Pairs): boolean {
  for (let row = from; row < pairs.length; row++) if (rows.role[row] !== attribute) return false;
  return true;
}
