import { Cursor } from "@spanstore/core/otlp";
import { jaegerSpansOf } from "../to-jaeger/spans-of-otlp.js";
import type { JsonLog, JsonProcess, JsonReference, JsonSpan, JsonTag, Micros } from "./json-span.js";

/** How Go writes an unset trace id or span id. */
const noId = "0".repeat(16);

/** Names the processes of a trace `p1`, `p2` and so on, as Jaeger does. */
export interface Processes {
  nameOf(process: Uint8Array): string;
  /** All processes by name. */
  all(): Readonly<Record<string, JsonProcess>>;
}

export function createProcesses(): Processes {
  const byBytes = new Map<string, string>();
  const byContent = new Map<string, string>();
  const processes: Record<string, JsonProcess> = {};
  return {
    nameOf(encoded) {
      const bytes = bufferOf(encoded).toString("latin1");
      let name = byBytes.get(bytes);
      if (name === undefined) {
        const process = readProcess(new Cursor(encoded));
        const content = JSON.stringify(process);
        name = byContent.get(content) ?? `p${byContent.size + 1}`;
        processes[name] = process;
        byContent.set(content, name);
        byBytes.set(bytes, name);
      }
      return name;
    },
    all: () => processes,
  };
}

/**
 * The spans of an encoded TracesData as in Jaeger's `/api/traces`, before the query service adjusts them.
 * @param processes the processes of their trace; receives new ones.
 * @throws INVALID_TRACES when the bytes are no OTLP.
 */
export function* jaegerJsonOf(
  encodedTracesData: Uint8Array,
  processes: Processes,
): Generator<JsonSpan, void, undefined> {
  for (const encoded of jaegerSpansOf(encodedTracesData)) yield readSpan(new Cursor(encoded), processes);
}

function readSpan(cursor: Cursor, processes: Processes): JsonSpan {
  let traceID = noId;
  let spanID = noId;
  let operationName = "";
  let flags = 0;
  let startTime: Micros = unsetMicros;
  let duration: Micros = 0;
  const references: JsonReference[] = [];
  const tags: JsonTag[] = [];
  const logs: JsonLog[] = [];
  const warnings: string[] = [];
  const process: Uint8Array[] = [];
  while (cursor.pos < cursor.end) {
    const tag = cursor.tag();
    switch (tag) {
      case 0x0a:
        traceID = traceIdText(readBytes(cursor));
        break;
      case 0x12:
        spanID = hexOf(readBytes(cursor));
        break;
      case 0x1a:
        operationName = readString(cursor);
        break;
      case 0x22:
        references.push(readReference(messageIn(cursor)));
        break;
      case 0x28:
        flags = cursor.varint32();
        break;
      case 0x32:
        startTime = readMicros(messageIn(cursor));
        break;
      case 0x3a:
        duration = readMicros(messageIn(cursor));
        break;
      case 0x42:
        tags.push(readTag(messageIn(cursor)));
        break;
      case 0x4a:
        logs.push(readLog(messageIn(cursor)));
        break;
      case 0x52:
        process.push(readBytes(cursor));
        break;
      case 0x62:
        warnings.push(readString(cursor));
        break;
      default:
        cursor.skip(tag);
    }
  }
  return {
    traceID,
    spanID,
    ...(flags === 0 ? {} : { flags }),
    operationName,
    references,
    startTime,
    duration,
    tags,
    logs,
    // Protobuf merges a message field that is repeated.
    processID: processes.nameOf(process.length === 1 ? (process[0] as Uint8Array) : Buffer.concat(process)),
    warnings: warnings.length === 0 ? null : warnings,
  };
}

function readReference(cursor: Cursor): JsonReference {
  let traceID = noId;
  let spanID = noId;
  let refType: JsonReference["refType"] = "CHILD_OF";
  while (cursor.pos < cursor.end) {
    const tag = cursor.tag();
    if (tag === 0x0a) traceID = traceIdText(readBytes(cursor));
    else if (tag === 0x12) spanID = hexOf(readBytes(cursor));
    else if (tag === 0x18) refType = cursor.varint32() === 1 ? "FOLLOWS_FROM" : "CHILD_OF";
    else cursor.skip(tag);
  }
  return { refType, traceID, spanID };
}

function readLog(cursor: Cursor): JsonLog {
  let timestamp: Micros = unsetMicros;
  const fields: JsonTag[] = [];
  while (cursor.pos < cursor.end) {
    const tag = cursor.tag();
    if (tag === 0x0a) timestamp = readMicros(messageIn(cursor));
    else if (tag === 0x12) fields.push(readTag(messageIn(cursor)));
    else cursor.skip(tag);
  }
  return { timestamp, fields };
}

function readProcess(cursor: Cursor): JsonProcess {
  let serviceName = "";
  const tags: JsonTag[] = [];
  while (cursor.pos < cursor.end) {
    const tag = cursor.tag();
    if (tag === 0x0a) serviceName = readString(cursor);
    else if (tag === 0x12) tags.push(readTag(messageIn(cursor)));
    else cursor.skip(tag);
  }
  return { serviceName, tags };
}

function readTag(cursor: Cursor): JsonTag {
  let key = "";
  let type = 0;
  let text = "";
  let truth = false;
  let integer = 0n;
  let double = 0;
  let binary: Uint8Array = new Uint8Array(0);
  while (cursor.pos < cursor.end) {
    const tag = cursor.tag();
    if (tag === 0x0a) key = readString(cursor);
    else if (tag === 0x10) type = cursor.varint32();
    else if (tag === 0x1a) text = readString(cursor);
    else if (tag === 0x20) truth = cursor.varint64() !== 0n;
    else if (tag === 0x28) integer = BigInt.asIntN(64, cursor.varint64());
    else if (tag === 0x31) double = doubleOf(cursor.fixed64());
    else if (tag === 0x3a) binary = readBytes(cursor);
    else cursor.skip(tag);
  }
  switch (type) {
    case 1:
      return { key, type: "bool", value: truth };
    case 2:
      return { key, type: "int64", value: jsonInteger(integer) };
    case 3:
      return { key, type: "float64", value: jsonDouble(double) };
    case 4:
      return { key, type: "binary", value: bufferOf(binary).toString("base64") };
    default:
      return { key, type: "string", value: text };
  }
}

/** Jaeger's number for an unset instant: the year 1, which overflows Go's 64-bit nanoseconds. */
export const unsetMicros = microsOf(-62_135_596_800n, 0n);

/** Reads an instant or a duration. Jaeger writes signed microseconds as unsigned ones and cuts off nanoseconds. */
function readMicros(cursor: Cursor): Micros {
  let seconds = 0n;
  let nanos = 0n;
  while (cursor.pos < cursor.end) {
    const tag = cursor.tag();
    if (tag === 0x08) seconds = BigInt.asIntN(64, cursor.varint64());
    else if (tag === 0x10) nanos = BigInt(cursor.varint32() | 0);
    else cursor.skip(tag);
  }
  return microsOf(seconds, nanos);
}

function microsOf(seconds: bigint, nanos: bigint): Micros {
  const micros = BigInt.asUintN(64, BigInt.asIntN(64, seconds * 1_000_000_000n + nanos) / 1000n);
  const number = Number(micros);
  return Number.isSafeInteger(number) ? number : micros;
}

function jsonInteger(value: bigint): number | string {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : String(value);
}

/** Doubles that JSON cannot write become strings, which `otlpOfJaegerJson` reads back. */
function jsonDouble(value: number): number | string {
  if (!Number.isFinite(value)) return String(value);
  return Object.is(value, -0) ? "-0" : value;
}

const eightBytes = new DataView(new ArrayBuffer(8));

function doubleOf(bits: bigint): number {
  eightBytes.setBigUint64(0, bits);
  return eightBytes.getFloat64(0);
}

/** Jaeger omits the upper half when it is zero. */
function traceIdText(bytes: Uint8Array): string {
  const text = hexOf(bytes);
  return text.length === 32 && text.startsWith("0000000000000000") ? text.slice(16) : text;
}

function hexOf(bytes: Uint8Array): string {
  return bufferOf(bytes).toString("hex");
}

function readString(cursor: Cursor): string {
  return bufferOf(readBytes(cursor)).toString("utf8");
}

function readBytes(cursor: Cursor): Uint8Array {
  const end = cursor.lengthEnd();
  const bytes = cursor.bytes.subarray(cursor.pos, end);
  cursor.pos = end;
  return bytes;
}

function messageIn(cursor: Cursor): Cursor {
  const end = cursor.lengthEnd();
  const message = new Cursor(cursor.bytes, cursor.pos, end);
  cursor.pos = end;
  return message;
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}
