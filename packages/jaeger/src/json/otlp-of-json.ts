import { isSpanStoreError, SpanStoreError } from "@spanstore/core";
import { BackwardWriter } from "../model/backward-writer.js";
import { writeParts } from "../model/times.js";
import { otlpOfJaegerSpan } from "../to-otlp/otlp-of-span.js";
import { type JsonObject, readId, readInteger, readList, readObject, readText, refused } from "./fields.js";
import { unsetMicros } from "./json-of-otlp.js";

// A span is written to its end before anything else happens, so all of them share it.
const writer = new BackwardWriter();

/** A span that cannot be read, and why. */
export interface UnreadSpan {
  readonly error: SpanStoreError;
}

/**
 * The spans of a trace in the JSON of Jaeger's `/api/traces` and of its UI, each as an encoded OTLP TracesData of one
 * span: what Jaeger itself would have written of it, with times to the microsecond, as they stand there.
 * @param json as JSON.parse gives it; integers that it would round must be strings.
 * @throws INVALID_TRACES naming the part when it is no trace; a span that is none is given as its error.
 */
export function* otlpOfJaegerJson(json: unknown): Generator<Uint8Array | UnreadSpan, void, undefined> {
  const trace = readObject(json, "trace");
  const processes = readObject(trace.processes ?? {}, "processes");
  const written = new Map<string, Uint8Array>();
  for (const [i, given] of readList(trace.spans, "spans").entries()) {
    const field = `spans[${i}]`;
    try {
      const span = readObject(given, field);
      const processId = readText(span.processID, `${field}.processID`);
      let process = span.process === undefined || span.process === null ? written.get(processId) : undefined;
      if (process === undefined) {
        process = encodedProcess(span, processId, processes, field);
        if (span.process === undefined || span.process === null) written.set(processId, process);
      }
      writeSpan(span, process, field);
      yield otlpOf(writer.take(), field);
    } catch (error) {
      if (!isSpanStoreError(error)) throw error;
      yield { error };
    }
  }
}

function otlpOf(span: Uint8Array, field: string): Uint8Array {
  try {
    return otlpOfJaegerSpan(span);
  } catch (error) {
    if (!isSpanStoreError(error)) throw error;
    throw new SpanStoreError(error.code, `${field}: ${error.message}`, { field, cause: error });
  }
}

/** The one that stands in the span, or the trace's that it names. */
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

/** Writes it as a jaeger.api_v2.Span, last field first. */
function writeSpan(span: JsonObject, process: Uint8Array, field: string): void {
  writer.reset();
  for (const warning of readList(span.warnings, `${field}.warnings`).toReversed()) {
    writer.text(0x62, readText(warning, `${field}.warnings`));
  }
  writer.field(0x52, process, 0, process.length);
  writeLogs(span.logs, `${field}.logs`);
  writeTags(0x42, span.tags, `${field}.tags`);
  writeMicros(0x3a, span.duration, `${field}.duration`, false);
  writeMicros(0x32, span.startTime, `${field}.startTime`, true);
  const flags = Number(BigInt.asUintN(32, readInteger(span.flags, `${field}.flags`)));
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
    writeId(0x12, reference.spanID, `${at}.spanID`, 8);
    writeId(0x0a, reference.traceID, `${at}.traceID`, 16);
    writer.message(0x22, mark);
  }
  // How Jaeger named the parent before it had references.
  const parent = readText(span.parentSpanID, `${field}.parentSpanID`);
  if (references.length > 0 || /^0*$/.test(parent)) return;
  const mark = writer.mark();
  writeId(0x12, parent, `${field}.parentSpanID`, 8);
  writeId(0x0a, span.traceID, `${field}.traceID`, 16);
  writer.message(0x22, mark);
}

function writeLogs(given: unknown, field: string): void {
  for (const [i, item] of [...readList(given, field).entries()].toReversed()) {
    const at = `${field}[${i}]`;
    const log = readObject(item, at);
    const mark = writer.mark();
    writeTags(0x12, log.fields, `${at}.fields`);
    writeMicros(0x0a, log.timestamp, `${at}.timestamp`, true);
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

/** What a tag without a type holds, as Jaeger's older files have them. */
function typeOf(value: unknown): string {
  if (typeof value === "boolean") return "bool";
  if (typeof value === "number") return Number.isInteger(value) ? "int64" : "float64";
  return "string";
}

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
    case "bool": {
      if (!isTruth(value)) throw refused(field, value, "true or false");
      if (String(value) === "true") {
        writer.byte(1);
        writer.byte(0x20);
      }
      writeType(1);
      return;
    }
    case "int64": {
      const bits = BigInt.asUintN(64, readInteger(value, field));
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
      const bytes = Buffer.from(readText(value, field), "base64");
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

function isTruth(value: unknown): boolean {
  return typeof value === "boolean" || value === "true" || value === "false";
}

function readDouble(value: unknown, field: string): number {
  if (typeof value === "number") return value;
  const number = typeof value === "string" && value.trim() !== "" ? Number(value) : Number.NaN;
  if (Number.isNaN(number) && value !== "NaN") throw refused(field, value, "a number");
  return number;
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

/** Microseconds, of which Go's signed ones below zero stand there as unsigned ones. */
function writeMicros(fieldTag: number, given: unknown, field: string, isInstant: boolean): void {
  const value = readInteger(given, field);
  if (isInstant && value === BigInt(unsetMicros)) return;
  const micros = BigInt.asIntN(64, value);
  const mark = writer.mark();
  let seconds = micros / 1_000_000n;
  let rest = micros % 1_000_000n;
  if (isInstant && rest < 0n) {
    seconds--;
    rest += 1_000_000n;
  }
  writeParts(writer, seconds, rest * 1000n);
  writer.message(fieldTag, mark);
}

function writeId(fieldTag: number, given: unknown, field: string, size: number): void {
  const bytes = readId(given, field, size);
  writer.field(fieldTag, bytes, 0, bytes.length);
}
