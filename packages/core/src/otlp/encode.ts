import type { AnyValue, KeyValue } from "../model/any-value.js";
import type {
  InstrumentationScope,
  Resource,
  ResourceSpans,
  ScopeSpans,
  Span,
  SpanEvent,
  SpanLink,
  Status,
  TracesData,
} from "../model/trace.js";
import { fault, faultAtTop, faultWithin } from "./fault.js";
import { maxValueDepth } from "./values.js";
import { wireBytes, wireFixed32, wireFixed64, wireVarint } from "./wire.js";
import { WireWriter } from "./wire-writer.js";

/**
 * Encodes the model as canonical OTLP protobuf: fields in the order of their numbers, without zero values. `decodeTraces`
 * returns the same model. The ids of links may be empty.
 * @throws INVALID_TRACES, with `field` naming the part (`resourceSpans[0].scopeSpans[0].spans[3].traceId`), when an id is not hex
 *   of the right length, a number does not fit its field, or values nest deeper than the decoder reads.
 */
export function encodeTraces(traces: TracesData): Uint8Array {
  const w = new WireWriter();
  try {
    writeEach(w, 1, "resourceSpans", traces.resourceSpans, writeResourceSpans);
  } catch (error) {
    throw faultAtTop(error);
  }
  return w.take();
}

function writeResourceSpans(w: WireWriter, value: ResourceSpans): void {
  writeText(w, 3, "schemaUrl", value.schemaUrl);
  writeEach(w, 2, "scopeSpans", value.scopeSpans, writeScopeSpans);
  writeOne(w, 1, "resource", value.resource, writeResource);
}

function writeResource(w: WireWriter, value: Resource): void {
  writeUint32(w, 2, "droppedAttributesCount", value.droppedAttributesCount);
  writeEach(w, 1, "attributes", value.attributes, writeAttribute);
}

function writeScopeSpans(w: WireWriter, value: ScopeSpans): void {
  writeText(w, 3, "schemaUrl", value.schemaUrl);
  writeEach(w, 2, "spans", value.spans, writeSpan);
  writeOne(w, 1, "scope", value.scope, writeScope);
}

function writeScope(w: WireWriter, value: InstrumentationScope): void {
  writeUint32(w, 4, "droppedAttributesCount", value.droppedAttributesCount);
  writeEach(w, 3, "attributes", value.attributes, writeAttribute);
  writeText(w, 2, "version", value.version);
  writeText(w, 1, "name", value.name);
}

function writeSpan(w: WireWriter, value: Span): void {
  writeFixed32(w, 16, "flags", value.flags);
  writeOne(w, 15, "status", value.status, writeStatus);
  writeUint32(w, 14, "droppedLinksCount", value.droppedLinksCount);
  writeEach(w, 13, "links", value.links, writeLink);
  writeUint32(w, 12, "droppedEventsCount", value.droppedEventsCount);
  writeEach(w, 11, "events", value.events, writeEvent);
  writeUint32(w, 10, "droppedAttributesCount", value.droppedAttributesCount);
  writeEach(w, 9, "attributes", value.attributes, writeAttribute);
  writeTime(w, 8, "endTimeUnixNano", value.endTimeUnixNano);
  writeTime(w, 7, "startTimeUnixNano", value.startTimeUnixNano);
  writeEnum(w, 6, "kind", value.kind);
  writeText(w, 5, "name", value.name);
  if (value.parentSpanId) writeId(w, 4, "parentSpanId", value.parentSpanId, 16);
  writeText(w, 3, "traceState", value.traceState);
  writeId(w, 2, "spanId", value.spanId, 16);
  writeId(w, 1, "traceId", value.traceId, 32);
}

function writeEvent(w: WireWriter, value: SpanEvent): void {
  writeUint32(w, 4, "droppedAttributesCount", value.droppedAttributesCount);
  writeEach(w, 3, "attributes", value.attributes, writeAttribute);
  writeText(w, 2, "name", value.name);
  writeTime(w, 1, "timeUnixNano", value.timeUnixNano);
}

function writeLink(w: WireWriter, value: SpanLink): void {
  writeFixed32(w, 6, "flags", value.flags);
  writeUint32(w, 5, "droppedAttributesCount", value.droppedAttributesCount);
  writeEach(w, 4, "attributes", value.attributes, writeAttribute);
  writeText(w, 3, "traceState", value.traceState);
  if (value.spanId !== "") writeId(w, 2, "spanId", value.spanId, 16);
  if (value.traceId !== "") writeId(w, 1, "traceId", value.traceId, 32);
}

function writeStatus(w: WireWriter, value: Status): void {
  writeEnum(w, 3, "code", value.code);
  writeText(w, 2, "message", value.message);
}

function writeAttribute(w: WireWriter, value: KeyValue): void {
  writeKeyValue(w, value, 0);
}

/** Counts `depth` like the decoder, so that the decoder can read the result. */
function writeKeyValue(w: WireWriter, pair: KeyValue, depth: number): void {
  const mark = w.mark();
  try {
    writeAnyValue(w, pair.value, depth + 1);
  } catch (error) {
    throw faultWithin("value", error);
  }
  w.message(bytesTag(2), mark);
  writeText(w, 1, "key", pair.key);
}

function writeAnyValue(w: WireWriter, value: AnyValue, depth: number): void {
  if (depth > maxValueDepth) throw fault("", `a value nested deeper than ${maxValueDepth} levels`);
  if (typeof value !== "object" || value === null) throw fault("", "no AnyValue");
  if ("stringValue" in value) {
    w.text(bytesTag(1), checked("stringValue", value.stringValue, "string"));
  } else if ("boolValue" in value) {
    w.varint(checked("boolValue", value.boolValue, "boolean") ? 1 : 0);
    w.varint(varintTag(2));
  } else if ("intValue" in value) {
    writeInt64(w, 3, checkedInt64(value.intValue));
  } else if ("doubleValue" in value) {
    w.double(checked("doubleValue", value.doubleValue, "number"));
    w.varint(fixed64Tag(4));
  } else if ("arrayValue" in value) {
    const mark = w.mark();
    writeEach(w, 1, "arrayValue.values", value.arrayValue.values, (_, item) =>
      writeAnyValue(w, item, depth + 1),
    );
    w.message(bytesTag(5), mark);
  } else if ("kvlistValue" in value) {
    const mark = w.mark();
    writeEach(w, 1, "kvlistValue.values", value.kvlistValue.values, (_, item) =>
      writeKeyValue(w, item, depth + 1),
    );
    w.message(bytesTag(6), mark);
  } else if ("bytesValue" in value) {
    if (!(value.bytesValue instanceof Uint8Array)) throw fault("bytesValue", "is no Uint8Array");
    w.field(bytesTag(7), value.bytesValue, 0, value.bytesValue.length);
  }
}

function bytesTag(field: number): number {
  return (field << 3) | wireBytes;
}

function varintTag(field: number): number {
  return (field << 3) | wireVarint;
}

function fixed32Tag(field: number): number {
  return (field << 3) | wireFixed32;
}

function fixed64Tag(field: number): number {
  return (field << 3) | wireFixed64;
}

function writeEach<T>(
  w: WireWriter,
  field: number,
  name: string,
  items: readonly T[] | undefined,
  write: (w: WireWriter, item: T) => void,
): void {
  if (items === undefined) return;
  let i = items.length - 1;
  try {
    for (; i >= 0; i--) {
      const mark = w.mark();
      write(w, items[i] as T);
      w.message(bytesTag(field), mark);
    }
  } catch (error) {
    throw faultWithin(`${name}[${i}]`, error);
  }
}

function writeOne<T>(
  w: WireWriter,
  field: number,
  name: string,
  value: T | undefined,
  write: (w: WireWriter, value: T) => void,
): void {
  if (value === undefined) return;
  const mark = w.mark();
  try {
    write(w, value);
  } catch (error) {
    throw faultWithin(name, error);
  }
  w.message(bytesTag(field), mark);
}

function writeText(w: WireWriter, field: number, name: string, value: string | undefined): void {
  if (value === undefined || value === "") return;
  w.text(bytesTag(field), checked(name, value, "string"));
}

function writeUint32(w: WireWriter, field: number, name: string, value: number | undefined): void {
  if (!value) return;
  w.varint(checkedUint32(name, value));
  w.varint(varintTag(field));
}

function writeFixed32(w: WireWriter, field: number, name: string, value: number | undefined): void {
  if (!value) return;
  w.fixed32(checkedUint32(name, value));
  w.varint(fixed32Tag(field));
}

/** Writes a signed int64 or enum; negative ones take ten bytes. */
function writeInt64(w: WireWriter, field: number, value: bigint): void {
  if (value >= 0n && value < 0x8000_0000n) {
    w.varint(Number(value));
  } else {
    const bits = BigInt.asUintN(64, value);
    w.varint64(Number(bits >> 32n), Number(bits & 0xffff_ffffn));
  }
  w.varint(varintTag(field));
}

/** Writes an enum. Enums are open: any int32 is kept, named by OTLP or not. */
function writeEnum(w: WireWriter, field: number, name: string, value: number | undefined): void {
  if (value === undefined || value === 0) return;
  if ((value | 0) !== value) throw fault(name, `${String(value)} is no 32-bit integer`);
  writeInt64(w, field, BigInt(value));
}

function writeTime(w: WireWriter, field: number, name: string, value: bigint): void {
  if (value === 0n) return;
  if (typeof value !== "bigint" || value < 0n || value > 0xffff_ffff_ffff_ffffn) {
    throw fault(name, `${String(value)} is no unsigned 64-bit bigint`);
  }
  w.fixed64(Number(value >> 32n), Number(value & 0xffff_ffffn));
  w.varint(fixed64Tag(field));
}

const hexDigits = /^[0-9a-fA-F]*$/;

function writeId(w: WireWriter, field: number, name: string, id: string, digits: number): void {
  if (typeof id !== "string" || id.length !== digits || !hexDigits.test(id)) {
    throw fault(name, `"${String(id)}" is not ${digits} hex digits`);
  }
  w.hex(bytesTag(field), id);
}

function checkedUint32(name: string, value: number): number {
  if (typeof value !== "number" || value >>> 0 !== value) {
    throw fault(name, `${String(value)} is no unsigned 32-bit integer`);
  }
  return value;
}

function checkedInt64(value: bigint): bigint {
  if (typeof value !== "bigint" || BigInt.asIntN(64, value) !== value) {
    throw fault("intValue", `${String(value)} is no signed 64-bit bigint`);
  }
  return value;
}

/** Checks a type at runtime, since the model may come from untyped JavaScript. */
function checked<T>(name: string, value: T, type: "string" | "number" | "boolean"): T {
  if (typeof value !== type) throw fault(name, `a ${typeof value} instead of a ${type}`);
  return value;
}
