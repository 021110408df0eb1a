import { WireWriter } from "@spanstore/core/otlp";
import {
  isAbsent,
  isNoId,
  readId,
  readInstant,
  readList,
  readMicros,
  readObject,
  readText,
  readUint32,
  refused,
} from "../json/fields.js";
import { writeParts } from "../model/times.js";
import type { JaegerLog, JaegerReference, JaegerSpanDocument, JaegerTag } from "./documents.js";
import { fieldValue, listedValue, type TagValue } from "./tag-value.js";

const childOf = 0;
const followsFrom = 1;
const typeNumbers = { string: 0, bool: 1, int64: 2, float64: 3, binary: 4 } as const;
const microsPerSecond = 1_000_000n;
const two32 = 2n ** 32n;

interface Reference {
  readonly type: number;
  readonly traceId: Buffer;
  readonly spanId: Buffer;
}

// Shared by all spans: each is written and copied before the next begins.
const writer = new WireWriter();
const double = new DataView(new ArrayBuffer(8));

/**
 * Converts a document of Jaeger's Elasticsearch storage to an encoded jaeger.api_v2.Span with its process, as Jaeger's own
 * reader does.
 * @param dotReplacement replaces dots in the names of tags that are fields (`tags_as_fields.dot_replacement`).
 * @throws INVALID_TRACES, with `field` in the document's names, when the document is no span.
 */
export function jaegerSpanOfDocument(document: JaegerSpanDocument, dotReplacement: string): Uint8Array {
  const traceId = readId(document.traceID, "traceID", 16);
  const spanId = readId(document.spanID, "spanID", 8);
  const references = referencesOf(document, traceId);
  writer.reset();
  writeProcess(document, dotReplacement);
  const logs = itemsOf<JaegerLog>(document.logs, "logs");
  for (let i = logs.length - 1; i >= 0; i--) writeLog(logs[i] as JaegerLog, `logs[${i}]`);
  writeTags(0x42, document.tags, document.tag, "tags", dotReplacement);
  writeTime(0x3a, notBelowZero(readMicros(document.duration, "duration"), "duration"));
  writeTime(0x32, startOf(document));
  const flags = readUint32(document.flags, "flags");
  if (flags !== 0) {
    writer.varint(flags);
    writer.byte(0x28);
  }
  for (let i = references.length - 1; i >= 0; i--) writeReference(references[i] as Reference);
  writer.text(0x1a, readText(document.operationName, "operationName"));
  writeId(0x12, spanId);
  writeId(0x0a, traceId);
  return writer.take();
}

function writeProcess({ process }: JaegerSpanDocument, dotReplacement: string): void {
  if (isAbsent(process)) return;
  readObject(process, "process");
  const end = writer.mark();
  writeTags(0x12, process.tags, process.tag, "process.tags", dotReplacement);
  const service = readText(process.serviceName, "process.serviceName");
  if (service !== "") writer.text(0x0a, service);
  writer.message(0x52, end);
}

function writeLog({ timestamp, fields }: JaegerLog, field: string): void {
  const end = writer.mark();
  writeTags(0x12, fields, undefined, `${field}.fields`, "");
  const at = `${field}.timestamp`;
  writeTime(0x0a, notBelowZero(readMicros(timestamp, at), at));
  writer.message(0x4a, end);
}

/** Writes the tags of the list, followed by those that are fields. */
function writeTags(
  protoTag: number,
  list: readonly JaegerTag[] | null | undefined,
  fields: Readonly<Record<string, unknown>> | null | undefined,
  field: string,
  dotReplacement: string,
): void {
  const named = Object.entries(isAbsent(fields) ? {} : readObject(fields, field.replace(/s$/, "")));
  for (let i = named.length - 1; i >= 0; i--) {
    const [name, value] = named[i] as [string, unknown];
    const key = dotReplacement === "" ? name : name.replaceAll(dotReplacement, ".");
    writeTag(protoTag, key, fieldValue(value));
  }
  const listed = itemsOf<JaegerTag>(list, field);
  for (let i = listed.length - 1; i >= 0; i--) {
    const { key, type, value } = listed[i] as JaegerTag;
    writeTag(protoTag, readText(key, `${field}[${i}].key`), listedValue(type, value));
  }
}

function writeTag(protoTag: number, key: string, tag: TagValue): void {
  const end = writer.mark();
  switch (tag.type) {
    case "string":
      if (tag.value !== "") writer.text(0x1a, tag.value);
      break;
    case "bool":
      if (tag.value) {
        writer.byte(1);
        writer.byte(0x20);
      }
      break;
    case "int64":
      if (tag.value !== 0n) {
        writeVarint64(tag.value);
        writer.byte(0x28);
      }
      break;
    case "float64":
      double.setFloat64(0, tag.value);
      writer.fixed64(double.getUint32(0), double.getUint32(4));
      writer.byte(0x31);
      break;
    case "binary":
      if (tag.value.length > 0) writer.field(0x3a, tag.value, 0, tag.value.length);
  }
  const type = typeNumbers[tag.type];
  if (type !== 0) {
    writer.byte(type);
    writer.byte(0x10);
  }
  if (key !== "") writer.text(0x0a, key);
  writer.message(protoTag, end);
}

/**
 * The references in an order from which the translation to OTLP picks the right parent: it takes the first CHILD_OF of the
 * same trace. From 2.20 on `parentSpanID` names the parent, which may be among the references too.
 */
function referencesOf(document: JaegerSpanDocument, traceId: Buffer): readonly Reference[] {
  const references = itemsOf<JaegerReference>(document.references, "references").map(
    ({ refType, traceID, spanID }, i): Reference => ({
      type: refTypeOf(refType, `references[${i}].refType`),
      // A reference without a trace id is within the span's trace.
      traceId: isNoId(traceID) ? traceId : readId(traceID, `references[${i}].traceID`, 16),
      spanId: readId(spanID, `references[${i}].spanID`, 8, "zeros too"),
    }),
  );
  if (isNoId(document.parentSpanID)) return references;
  const parentId = readId(document.parentSpanID, "parentSpanID", 8);
  const inTrace = references.filter((reference) => reference.traceId.equals(traceId));
  const taken = inTrace.find(({ type }) => type === childOf) ?? inTrace[0];
  if (taken?.spanId.equals(parentId)) return references;
  const isParent = ({ type, spanId, ...other }: Reference): boolean =>
    type === childOf && spanId.equals(parentId) && other.traceId.equals(traceId);
  const parent = { type: childOf, traceId, spanId: parentId };
  return [parent, ...references.filter((reference) => !isParent(reference))];
}

function refTypeOf(name: unknown, field: string): number {
  if (name === "CHILD_OF") return childOf;
  if (name === "FOLLOWS_FROM") return followsFrom;
  throw refused(field, name, "CHILD_OF or FOLLOWS_FROM");
}

function writeReference({ type, traceId, spanId }: Reference): void {
  const end = writer.mark();
  if (type !== childOf) {
    writer.byte(type);
    writer.byte(0x18);
  }
  writeId(0x12, spanId);
  writeId(0x0a, traceId);
  writer.message(0x22, end);
}

function writeId(tag: number, id: Buffer): void {
  writer.field(tag, id, 0, id.length);
}

/** Truncates the start, as Elasticsearch does when it searches. */
function startOf({ startTime }: JaegerSpanDocument): bigint {
  const whole = typeof startTime === "number" ? Math.trunc(startTime) : startTime;
  return notBelowZero(readInstant(whole, "startTime"), "startTime");
}

function notBelowZero(micros: bigint, field: string): bigint {
  if (micros < 0n) throw refused(field, micros, "microseconds from 0 on");
  return micros;
}

/** Writes microseconds as a field of the type Timestamp or Duration. */
function writeTime(tag: number, micros: bigint): void {
  const end = writer.mark();
  writeParts(writer, micros / microsPerSecond, (micros % microsPerSecond) * 1000n);
  writer.message(tag, end);
}

function writeVarint64(value: bigint): void {
  const bits = BigInt.asUintN(64, value);
  writer.varint64(Number(bits / two32), Number(bits % two32));
}

/** The items of a list, which must be objects. */
function itemsOf<T>(value: readonly T[] | null | undefined, field: string): readonly T[] {
  const items = readList(value, field);
  for (const [i, each] of items.entries()) readObject(each, `${field}[${i}]`);
  return items as readonly T[];
}
