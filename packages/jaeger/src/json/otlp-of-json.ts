import { isSpanStoreError, SpanStoreError } from "@spanstore/core";
import { WireWriter } from "@spanstore/core/otlp";
import { writeParts } from "../model/times.js";
import { otlpOfJaegerSpan } from "../to-otlp/otlp-of-span.js";
import {
  isAbsent,
  isNoId,
  type JsonObject,
  readId,
  readInstant,
  readInt64,
  readList,
  readMicros,
  readObject,
  readText,
  readUint32,
  refused,
} from "./fields.js";
import { unsetMicros } from "./json-of-otlp.js";

// Shared by all spans: each is written to its end before the next begins.
const writer = new WireWriter();

/** A span that cannot be read, and why. */
export interface UnreadSpan {
  readonly error: SpanStoreError;
}

/**
 * Converts a trace in the JSON of Jaeger's `/api/traces` and its UI to OTLP, each span as an encoded TracesData, as Jaeger
 * itself would. Times have microseconds.
 * @param json the result of `parseExactly`.
 * @throws INVALID_TRACES naming the part when it is no trace. A malformed span yields its error.
 */
export function* otlpOfJaegerJson(json: unknown): Generator<Uint8Array | UnreadSpan, void, undefined> {
  const trace = readObject(json, "trace");
  const processes = readObject(trace.processes ?? {}, "processes");
  const written = new Map<string, Uint8Array>();
  for (const [i, given] of readList(trace.spans, "spans").entries()) {
    const field = `spans[${i}]`;
    try {
      const span = withTraceId(readObject(given, field), trace);
      const processId = readText(span.processID, `${field}.processID`);
      let process = isAbsent(span.process) ? written.get(processId) : undefined;
      if (process === undefined) {
        process = encodedProcess(span, processId, processes, field);
        if (isAbsent(span.process)) written.set(processId, process);
      }
      writeSpan(span, process, field);
      yield otlpOf(writer.take(), field);
    } catch (error) {
      if (!isSpanStoreError(error)) throw error;
      yield { error };
    }
  }
}

/** A span without a trace id gets that of the trace around it. */
function withTraceId(span: JsonObject, trace: JsonObject): JsonObject {
  return isNoId(span.traceID) && !isNoId(trace.traceID) ? { ...span, traceID: trace.traceID } : span;
}

function otlpOf(span: Uint8Array, field: string): Uint8Array {
  try {
    return otlpOfJaegerSpan(span);
  } catch (error) {
    if (!isSpanStoreError(error)) throw error;
    throw new SpanStoreError(error.code, `${field}: ${error.message}`, { field, cause: error });
  }
}

/** The process within the span, or the process of the trace that the span names. */
function encodedProcess(span: JsonObject, id: string, processes: JsonObject, field: string): Uint8Array {
  const given = span.process ?? (Object.hasOwn(processes, id) ? processes[id] : undefined);
  if (given === undefined)
    throw refused(`${field}.processID`, span.processID, "the name of one of the processes");
  const process = readObject(given, `${field}.process`);
  writer.reset();
  writeTags(0x12, process.tags, `${field}.process.tags`);
  const service = readText(process.serviceName, `${field}.process.serviceName`);
  if (service !== "") writer.text(0x0a, service);
  return writer.take();
}

/** Writes a span as a jaeger.api_v2.Span, last field first. */
function writeSpan(span: JsonObject, process: Uint8Array, field: string): void {
  writer.reset();
  for (const warning of readList(span.warnings, `${field}.warnings`).toReversed()) {
    writer.text(0x62, readText(warning, `${field}.warnings`));
  }
  writer.field(0x52, process, 0, process.length);
  writeLogs(span.logs, `${field}.logs`);
  writeTags(0x42, span.tags, `${field}.tags`);
  writeDuration(span.duration, `${field}.duration`);
  writeInstant(0x32, span.startTime, `${field}.startTime`);
  const flags = readUint32(span.flags, `${field}.flags`);
  if (flags !== 0) {
    writer.varint(flags);
    writer.byte(0x28);
  }
  writeReferences(span, field);
  const name = readText(span.operationName, `${field}.operationName`);
  if (name !== "") writer.text(0x1a, name);
  writeId(0x12, span.spanID, `${field}.spanID`, 8);
  writeId(0x0a, span.traceID, `${field}.traceID`, 16);
}

function writeReferences(span: JsonObject, field: string): void {
  const references = readList(span.references, `${field}.references`);
  for (const [i, given] of [...references.entries()].toReversed()) {
    const at = `${field}.references[${i}]`;
    const reference = readObject(given, at);
    const mark = writer.mark();
    const type = readText(reference.refType, `${at}.refType`);
    if (type === "FOLLOWS_FROM") {
      writer.byte(1);
      writer.byte(0x18);
    } else if (type !== "CHILD_OF" && type !== "") {
      throw refused(`${at}.refType`, type, "CHILD_OF or FOLLOWS_FROM");
    }
    const spanId = readId(reference.spanID, `${at}.spanID`, 8, "zeros too");
    writer.field(0x12, spanId, 0, spanId.length);
    // A reference without a trace id is within the span's trace.
    if (isNoId(reference.traceID)) writeId(0x0a, span.traceID, `${field}.traceID`, 16);
    else writeId(0x0a, reference.traceID, `${at}.traceID`, 16);
    writer.message(0x22, mark);
  }
  // Before Jaeger had references, parentSpanID named the parent.
  if (references.length > 0 || isNoId(span.parentSpanID)) return;
  const mark = writer.mark();
  writeId(0x12, span.parentSpanID, `${field}.parentSpanID`, 8);
  writeId(0x0a, span.traceID, `${field}.traceID`, 16);
  writer.message(0x22, mark);
}

function writeLogs(given: unknown, field: string): void {
  for (const [i, item] of [...readList(given, field).entries()].toReversed()) {
    const at = `${field}[${i}]`;
    const log = readObject(item, at);
    const mark = writer.mark();
    writeTags(0x12, log.fields, `${at}.fields`);
    writeInstant(0x0a, log.timestamp, `${at}.timestamp`);
    writer.message(0x4a, mark);
  }
}

function writeTags(fieldTag: number, given: unknown, field: string): void {
  for (const [i, item] of [...readList(given, field).entries()].toReversed()) {
    const at = `${field}[${i}]`;
    const tag = readObject(item, at);
    const mark = writer.mark();
    writeValue(tag, at);
    const key = readText(tag.key, `${at}.key`);
    if (key !== "") writer.text(0x0a, key);
    writer.message(fieldTag, mark);
  }
}

/** The type of a tag without a declared type, as in Jaeger's older files. */
function typeOf(value: unknown): string {
  if (typeof value === "boolean") return "bool";
  if (typeof value === "bigint") return "int64";
  if (typeof value === "number") return Number.isInteger(value) ? "int64" : "float64";
  return "string";
}

/** Writes a tag's value; null is the zero value of its type. */
function writeValue(tag: JsonObject, at: string): void {
  const { value } = tag;
  const field = `${at}.value`;
  const type = readText(tag.type, `${at}.type`).toLowerCase() || typeOf(value);
  switch (type) {
    case "string": {
      const text = readText(value, field);
      if (text !== "") writer.text(0x1a, text);
      return;
    }
    case "bool":
      if (readTruth(value, field)) {
        writer.byte(1);
        writer.byte(0x20);
      }
      writeType(1);
      return;
    case "int64": {
      const bits = BigInt.asUintN(64, readInt64(value, field));
      if (bits !== 0n) {
        writer.varint64(Number(bits >> 32n), Number(bits & 0xffffffffn));
        writer.byte(0x28);
      }
      writeType(2);
      return;
    }
    case "float64":
      writeDouble(readDouble(value, field));
      writeType(3);
      return;
    case "binary": {
      const bytes = readBase64(value, field);
      if (bytes.length > 0) writer.field(0x3a, bytes, 0, bytes.length);
      writeType(4);
      return;
    }
    default:
      throw refused(`${at}.type`, tag.type, "string, bool, int64, float64 or binary");
  }
}

function writeType(type: number): void {
  writer.byte(type);
  writer.byte(0x10);
}

function readTruth(value: unknown, field: string): boolean {
  if (isAbsent(value)) return false;
  if (typeof value === "boolean") return value;
  if (value === "true" || value === "false") return value === "true";
  throw refused(field, value, "true or false");
}

/** The texts that Jaeger's readers take for numbers that JSON cannot write. */
const notFinite: Readonly<Record<string, number>> = {
  NaN: Number.NaN,
  Infinity: Number.POSITIVE_INFINITY,
  "+Inf": Number.POSITIVE_INFINITY,
  "-Infinity": Number.NEGATIVE_INFINITY,
  "-Inf": Number.NEGATIVE_INFINITY,
};

function readDouble(value: unknown, field: string): number {
  if (isAbsent(value)) return 0;
  if (typeof value === "string" && Object.hasOwn(notFinite, value)) return notFinite[value] as number;
  const isText = typeof value === "string" && value.trim() !== "";
  const number = isText || typeof value === "bigint" ? Number(value) : value;
  if (typeof number === "number" && Number.isFinite(number)) return number;
  throw refused(field, value, "a number of 64 bits");
}

const base64 = /^[A-Za-z0-9+/]*={0,2}$/;

function readBase64(value: unknown, field: string): Buffer {
  const text = readText(value, field);
  if (!base64.test(text) || text.length % 4 !== 0) throw refused(field, value, "base64");
  return Buffer.from(text, "base64");
}

const double = new DataView(new ArrayBuffer(8));

function writeDouble(value: number): void {
  double.setFloat64(0, value);
  const high = double.getUint32(0);
  const low = double.getUint32(4);
  if (high === 0 && low === 0) return;
  writer.fixed64(high, low);
  writer.byte(0x31);
}

function writeInstant(fieldTag: number, given: unknown, field: string): void {
  const micros = readInstant(given, field);
  if (BigInt.asUintN(64, micros) === BigInt(unsetMicros)) return;
  const mark = writer.mark();
  let seconds = micros / 1_000_000n;
  let rest = micros % 1_000_000n;
  if (rest < 0n) {
    seconds--;
    rest += 1_000_000n;
  }
  writeParts(writer, seconds, rest * 1000n);
  writer.message(fieldTag, mark);
}

function writeDuration(given: unknown, field: string): void {
  const micros = readMicros(given, field);
  const mark = writer.mark();
  writeParts(writer, micros / 1_000_000n, (micros % 1_000_000n) * 1000n);
  writer.message(0x3a, mark);
}

function writeId(fieldTag: number, given: unknown, field: string, size: 8 | 16): void {
  const bytes = readId(given, field, size);
  writer.field(fieldTag, bytes, 0, bytes.length);
}
