import { SpanStoreError } from "@spanstore/core";
import { BackwardWriter } from "../model/backward-writer.js";
import type { JaegerLog, JaegerReference, JaegerSpanDocument, JaegerTag } from "./documents.js";
import { fieldValue, listedValue, type TagValue } from "./tag-value.js";

const childOf = 0;
const followsFrom = 1;
const typeNumbers = { string: 0, bool: 1, int64: 2, float64: 3, binary: 4 } as const;
const traceIdDigits = 32;
const spanIdDigits = 16;
const microsPerSecond = 1_000_000n;
const two32 = 2n ** 32n;

interface Reference {
  readonly type: number;
  /** Hexadecimal, of full length. */
  readonly traceId: string;
  readonly spanId: string;
}

// A span is written and copied before anything else happens, so all of them share these.
const writer = new BackwardWriter();
const double = new DataView(new ArrayBuffer(8));

/**
 * A document of Jaeger's Elasticsearch storage as an encoded jaeger.api_v2.Span, its process inside, with the meaning
 * that Jaeger's own reader gives it.
 * @param dotReplacement stands for dots in the names of tags that are fields (`tags_as_fields.dot_replacement`).
 * @throws INVALID_TRACES, with `field` in the document's names, when no span can be made of it.
 */
export function jaegerSpanOfDocument(document: JaegerSpanDocument, dotReplacement: string): Uint8Array {
  const traceId = idOf(document.traceID, traceIdDigits, "traceID");
  const spanId = idOf(document.spanID, spanIdDigits, "spanID");
  const references = referencesOf(document, traceId);
  writer.reset();
  writeProcess(document, dotReplacement);
  const logs = listOf<JaegerLog>(document.logs, "logs");
  for (let i = logs.length - 1; i >= 0; i--) writeLog(logs[i] as JaegerLog, `logs[${i}]`);
  writeTags(0x42, document.tags, document.tag, "tags", dotReplacement);
  writeDuration(wholeOf(document.duration ?? 0, "duration"));
  writeTimestamp(0x32, wholeOf(document.startTime, "startTime"));
  const flags = Number(BigInt.asUintN(32, wholeOf(document.flags ?? 0, "flags")));
  if (flags !== 0) {
    writer.varint(flags);
    writer.byte(0x28);
  }
  for (let i = references.length - 1; i >= 0; i--) writeReference(references[i] as Reference);
  writer.text(0x1a, textOf(document.operationName, "operationName"));
  writeId(0x12, spanId);
  writeId(0x0a, traceId);
  return writer.take();
}

function writeProcess({ process }: JaegerSpanDocument, dotReplacement: string): void {
  if (process === undefined || process === null) return;
  const end = writer.mark();
  writeTags(0x12, process.tags, process.tag, "process.tags", dotReplacement);
  const service = textOf(process.serviceName, "process.serviceName");
  if (service !== "") writer.text(0x0a, service);
  writer.message(0x52, end);
}

function writeLog({ timestamp, fields }: JaegerLog, field: string): void {
  const end = writer.mark();
  writeTags(0x12, fields, undefined, `${field}.fields`, "");
  writeTimestamp(0x0a, wholeOf(timestamp ?? 0, `${field}.timestamp`));
  writer.message(0x4a, end);
}

/** Tags of a list, and behind them those that are fields. */
function writeTags(
  protoTag: number,
  list: readonly JaegerTag[] | null | undefined,
  fields: Readonly<Record<string, unknown>> | null | undefined,
  field: string,
  dotReplacement: string,
): void {
  const named = Object.entries(fields ?? {});
  for (let i = named.length - 1; i >= 0; i--) {
    const [name, value] = named[i] as [string, unknown];
    const key = dotReplacement === "" ? name : name.replaceAll(dotReplacement, ".");
    writeTag(protoTag, key, fieldValue(value));
  }
  const listed = listOf<JaegerTag>(list, field);
  for (let i = listed.length - 1; i >= 0; i--) {
    const { key, type, value } = listed[i] as JaegerTag;
    writeTag(protoTag, textOf(key, `${field}[${i}].key`), listedValue(type, value));
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
 * The references with the parent's first. From 2.20 on the parent stands in a field of its own, and perhaps among the
 * references too; before, the first CHILD_OF of the same trace is it, which is what the translation to OTLP takes.
 */
function referencesOf(document: JaegerSpanDocument, traceId: string): readonly Reference[] {
  const references = listOf<JaegerReference>(document.references, "references").map(
    ({ refType, traceID, spanID }, i): Reference => ({
      type: refTypeOf(refType, `references[${i}].refType`),
      traceId: idOf(traceID, traceIdDigits, `references[${i}].traceID`),
      spanId: idOf(spanID, spanIdDigits, `references[${i}].spanID`),
    }),
  );
  const parentId = idOf(document.parentSpanID, spanIdDigits, "parentSpanID");
  if (/^0*$/.test(parentId)) return references;
  const inTrace = references.filter((reference) => reference.traceId === traceId);
  const taken = inTrace.find(({ type }) => type === childOf) ?? inTrace[0];
  if (taken?.spanId === parentId) return references;
  const isParent = ({ type, spanId, ...other }: Reference): boolean =>
    type === childOf && spanId === parentId && other.traceId === traceId;
  const parent = { type: childOf, traceId, spanId: parentId };
  return [parent, ...references.filter((reference) => !isParent(reference))];
}

function refTypeOf(name: unknown, field: string): number {
  if (name === "CHILD_OF") return childOf;
  if (name === "FOLLOWS_FROM") return followsFrom;
  throw unfit(field, "is neither CHILD_OF nor FOLLOWS_FROM");
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

/** Of full length; one that is absent is of zeros. */
function idOf(text: unknown, digits: number, field: string): string {
  const id = textOf(text, field);
  if (id.length > digits || !/^[0-9a-fA-F]*$/.test(id)) {
    throw unfit(field, `is no id of at most ${digits} hexadecimal digits`);
  }
  return id.toLowerCase().padStart(digits, "0");
}

function writeId(tag: number, hex: string): void {
  const bytes = Buffer.from(hex, "hex");
  writer.field(tag, bytes, 0, bytes.length);
}

function writeTimestamp(tag: number, micros: bigint): void {
  const end = writer.mark();
  writeSecondsAndNanos(micros);
  writer.message(tag, end);
}

function writeDuration(micros: bigint): void {
  const end = writer.mark();
  writeSecondsAndNanos(micros);
  writer.message(0x3a, end);
}

function writeSecondsAndNanos(micros: bigint): void {
  const nanos = Number(micros % microsPerSecond) * 1000;
  const seconds = micros / microsPerSecond;
  if (nanos !== 0) {
    writer.varint(nanos);
    writer.byte(0x10);
  }
  if (seconds !== 0n) {
    writeVarint64(seconds);
    writer.byte(0x08);
  }
}

function writeVarint64(value: bigint): void {
  const bits = BigInt.asUintN(64, value);
  writer.varint64(Number(bits / two32), Number(bits % two32));
}

/** A whole number that is not negative. */
function wholeOf(value: unknown, field: string): bigint {
  const isWhole = typeof value === "bigint" || Number.isInteger(value);
  if (isWhole && (value as number | bigint) >= 0) return BigInt(value as number | bigint);
  throw unfit(field, "is no whole number from 0 on");
}

function textOf(value: unknown, field: string): string {
  if (value === undefined || value === null) return "";
  if (typeof value === "string") return value;
  throw unfit(field, "is no text");
}

function listOf<T>(value: readonly T[] | null | undefined, field: string): readonly T[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw unfit(field, "is no list");
  for (const [i, each] of value.entries()) {
    if (typeof each !== "object" || each === null) throw unfit(`${field}[${i}]`, "is no object");
  }
  return value;
}

function unfit(field: string, problem: string): SpanStoreError {
  return new SpanStoreError("INVALID_TRACES", `${field} ${problem}`, { field });
}
