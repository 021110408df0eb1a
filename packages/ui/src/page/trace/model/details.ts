import type { KeyValue } from "@spanstore/core";
import { decodeTraces, type ResourceSpans, type ScopeSpans } from "@spanstore/core/otlp";
import type { ByteRange, TraceModel } from "./model.js";

/** A whole span, decoded by core's codec. */
export interface Details {
  readonly span: ScopeSpans["spans"][number];
  readonly resource: ResourceSpans["resource"];
  readonly scope: ScopeSpans["scope"];
}

export function detailsOf(model: TraceModel, span: number): Details {
  const { bytes } = model;
  const owner = model.owners[model.ownerOf[span] as number];
  const cut = ({ at, end }: ByteRange): Uint8Array => bytes.subarray(at, end);
  const body = field(2, cut({ at: model.spanAt[span] as number, end: model.spanEnd[span] as number }));
  const scope = owner === undefined || owner.scope.end === 0 ? [] : field(1, cut(owner.scope));
  const resource = owner === undefined || owner.resource.end === 0 ? [] : field(1, cut(owner.resource));
  const inner = join([...scope, ...body]);
  const group = join([...resource, ...field(2, inner)]);
  const [decoded] = decodeTraces(join(field(1, group))).resourceSpans;
  const scopeSpans = decoded?.scopeSpans[0];
  const found = scopeSpans?.spans[0];
  if (found === undefined) throw new Error("there is no such span");
  return { span: found, resource: decoded?.resource, scope: scopeSpans?.scope };
}

/** Encodes a message as a field of another one. */
function field(number: number, message: Uint8Array): readonly Uint8Array[] {
  const head: number[] = [(number << 3) | 2];
  let length = message.length;
  for (; length > 127; length >>>= 7) head.push((length & 127) | 128);
  head.push(length);
  return [Uint8Array.from(head), message];
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

/** A value of the model as text; lists and maps as JSON. */
export function textOf(value: KeyValue["value"]): string {
  const plain = plainOf(value);
  return typeof plain === "string" ? plain : JSON.stringify(plain, undefined, 1).replace(/\n */g, " ");
}

function plainOf(value: KeyValue["value"]): unknown {
  if ("stringValue" in value) return value.stringValue;
  if ("intValue" in value) {
    const number = Number(value.intValue);
    return Number.isSafeInteger(number) ? number : String(value.intValue);
  }
  if ("doubleValue" in value)
    return Number.isFinite(value.doubleValue) ? value.doubleValue : String(value.doubleValue);
  if ("boolValue" in value) return value.boolValue;
  if ("bytesValue" in value && value.bytesValue !== undefined) return base64(value.bytesValue);
  if ("arrayValue" in value && value.arrayValue !== undefined) return value.arrayValue.values.map(plainOf);
  if ("kvlistValue" in value && value.kvlistValue !== undefined) {
    return Object.fromEntries(value.kvlistValue.values.map(({ key, value: inner }) => [key, plainOf(inner)]));
  }
  return null;
}

function base64(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}
