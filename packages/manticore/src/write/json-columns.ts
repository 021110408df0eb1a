import type { AnyValue, KeyValue } from "@spanstore/core";
import { Cursor, type ScopeView, type SpanView, textForm } from "@spanstore/core/otlp";
import { SqlBytes } from "../connection/literals.js";

const quote = 0x22;
const colon = 0x3a;
const comma = 0x2c;
const openBrace = 0x7b;
const closeBrace = 0x7d;

/** Appends the JSON of a resource's attributes, escaped for a string literal. */
export function appendProcess(out: SqlBytes, attributes: readonly KeyValue[]): void {
  appendDecoded(out, tagsJson(attributes));
}

/**
 * Appends the JSON of a span's attributes, escaped for a string literal. It keeps all members with equal keys. Fields
 * without a column of their own follow: status description, trace state and scope, by OpenTelemetry's names for Jaeger
 * tags.
 * @param ofScope the result of {@link scopeTags}.
 */
export function appendTags(out: SqlBytes, span: SpanView, ofScope: Uint8Array): void {
  const { bytes, attributes } = span.head;
  out.byte(openBrace);
  const start = out.length;
  for (let i = 0; i < attributes.length; i += 2) {
    if (out.length > start) out.byte(comma);
    const at = attributes[i] as number;
    const end = attributes[i + 1] as number;
    if (appendEncoded(out, bytes, at, end)) continue;
    const { key, value } = span.attributes[i / 2] as KeyValue;
    appendDecoded(out, `${JSON.stringify(key)}:${valueJson(value)}`);
  }
  const { head } = span;
  if (head.messageEnd > head.messageAt) {
    appendMore(out, start, "otel.status_description", span.statusMessage);
  }
  if (head.traceStateEnd > head.traceStateAt) appendMore(out, start, "w3c.tracestate", span.traceState);
  if (ofScope.length > 0) {
    if (out.length > start) out.byte(comma);
    out.raw(ofScope);
  }
  out.byte(closeBrace);
}

/** The members that a scope adds to the tags of each of its spans. */
export function scopeTags(scope: ScopeView): Uint8Array {
  const out = new SqlBytes(256);
  appendMore(out, 0, "otel.scope.name", scope.name);
  appendMore(out, 0, "otel.scope.version", scope.version);
  return out.bytes.subarray(0, out.length);
}

/** @param start the offset of the object's first member. */
function appendMore(out: SqlBytes, start: number, key: string, text: string): void {
  if (text === "") return;
  if (out.length > start) out.byte(comma);
  const member = `"${key}":"${text}"`;
  if (isPlain.test(text)) out.ascii(member);
  else appendDecoded(out, `"${key}":${JSON.stringify(text)}`);
}

/** ASCII that needs no escape in JSON or SQL. */
const isPlain = /^[ !#-&(-[\]-~]*$/;

/** Appends a span's events: objects with the time in microseconds, the name and the attributes. */
export function appendLogs(out: SqlBytes, span: SpanView): void {
  if (span.head.events.length === 0) {
    out.ascii("[]");
    return;
  }
  const logs = span.events.map(({ timeUnixNano, name, attributes = [] }) => {
    const rest = tagsJson(attributes).slice(1);
    const log = `{"timestamp":${timeUnixNano / 1000n},"event":${JSON.stringify(name)}`;
    return `${log}${rest === "}" ? "" : ","}${rest}`;
  });
  appendDecoded(out, `[${logs.join(",")}]`);
}

/** Appends a span's links: objects with the ids and the attributes. */
export function appendRefs(out: SqlBytes, span: SpanView): void {
  if (span.head.links.length === 0) {
    out.ascii("[]");
    return;
  }
  const refs = span.links.map(({ traceId, spanId, attributes = [] }) => {
    const rest = tagsJson(attributes).slice(1);
    return `{"trace_id":"${traceId}","span_id":"${spanId}"${rest === "}" ? "" : ","}${rest}`;
  });
  appendDecoded(out, `[${refs.join(",")}]`);
}

function appendDecoded(out: SqlBytes, json: string): void {
  out.escaped(Buffer.from(json, "utf8"));
}

/** Attributes as a JSON object. */
function tagsJson(attributes: readonly KeyValue[]): string {
  return `{${attributes.map(({ key, value }) => `${JSON.stringify(key)}:${valueJson(value)}`).join(",")}}`;
}

/** Writes numbers as numbers, with all digits of an integer, and values that JSON cannot express as text. */
function valueJson(value: AnyValue): string {
  if ("stringValue" in value) return JSON.stringify(value.stringValue);
  if ("intValue" in value || "boolValue" in value) return textForm(value);
  if ("doubleValue" in value) {
    return Number.isFinite(value.doubleValue) ? textForm(value) : JSON.stringify(textForm(value));
  }
  if ("arrayValue" in value) return `[${value.arrayValue.values.map(valueJson).join(",")}]`;
  if ("kvlistValue" in value) return tagsJson(value.kvlistValue.values);
  return "bytesValue" in value ? JSON.stringify(textForm(value)) : "null";
}

const keyTag = 0x0a;
const valueTag = 0x12;
const stringTag = 0x0a;
const boolTag = 0x10;
const intTag = 0x18;
const doubleTag = 0x21;
/** Varints shorter than this are exact as numbers, and not negative. */
const maxIntBytes = 7;

/**
 * Appends a KeyValue straight from its bytes when it has the usual encoding, a key and a text, boolean, integer or
 * double: decoding it would cost several times as much.
 * @returns false, with nothing appended, for any other encoding.
 */
function appendEncoded(out: SqlBytes, bytes: Uint8Array, start: number, end: number): boolean {
  if (bytes[start] !== keyTag) return false;
  const cursor = new Cursor(bytes, start + 1, end);
  const keyEnd = cursor.lengthEnd();
  const keyAt = cursor.pos;
  if (bytes[keyEnd] !== valueTag) return false;
  cursor.pos = keyEnd + 1;
  if (cursor.pos >= end || cursor.lengthEnd() !== end || cursor.pos >= end) return false;
  const tag = bytes[cursor.pos++];
  const length = out.length;
  if (!appendText(out, bytes, keyAt, keyEnd)) return false;
  out.byte(colon);
  if (tag === stringTag) {
    if (cursor.pos < end && cursor.lengthEnd() === end && appendText(out, bytes, cursor.pos, end))
      return true;
  } else if (tag === boolTag && cursor.pos === end - 1 && (bytes[cursor.pos] as number) <= 1) {
    out.ascii(bytes[cursor.pos] === 1 ? "true" : "false");
    return true;
  } else if (tag === intTag && end - cursor.pos < maxIntBytes) {
    let value = 0;
    let factor = 1;
    let at = cursor.pos;
    for (; at < end; at++) {
      const byte = bytes[at] as number;
      value += (byte & 0x7f) * factor;
      factor *= 128;
      if (byte < 128) break;
    }
    if (at === end - 1) {
      out.ascii(String(value));
      return true;
    }
  }
  if (tag === doubleTag && end - cursor.pos === 8) {
    const value = new DataView(bytes.buffer, bytes.byteOffset + cursor.pos, 8).getFloat64(0, true);
    if (Number.isFinite(value)) {
      out.ascii(Object.is(value, -0) ? "-0" : String(value));
      return true;
    }
  }
  out.length = length;
  return false;
}

/** Appends plain ASCII as a JSON string within a literal. @returns false, with nothing appended, for other text. */
function appendText(out: SqlBytes, source: Uint8Array, start: number, end: number): boolean {
  out.reserve(end - start + 2);
  const { bytes, length } = out;
  let at = length;
  bytes[at++] = quote;
  for (let i = start; i < end; i++) {
    const byte = source[i] as number;
    if (isSpecial[byte] === 1) return false;
    bytes[at++] = byte;
  }
  bytes[at++] = quote;
  out.length = at;
  return true;
}

/** Bytes that JSON or SQL escapes, or that are not ASCII. */
const isSpecial = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte < 0x20 || byte > 0x7e || byte === quote || byte === 0x27 || byte === 0x5c ? 1 : 0,
);
