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
import {
  type JsonObject,
  jsonBase64,
  jsonBoolean,
  jsonDouble,
  jsonEnum,
  jsonHexId,
  jsonInt64,
  jsonList,
  jsonObject,
  jsonText,
  jsonUint32,
  jsonUint64,
} from "./json-fields.js";
import { maxValueDepth } from "./values.js";

/** The names OTLP/JSON allows for enum numbers, beside the numbers. */
const spanKinds = [
  "SPAN_KIND_UNSPECIFIED",
  "SPAN_KIND_INTERNAL",
  "SPAN_KIND_SERVER",
  "SPAN_KIND_CLIENT",
  "SPAN_KIND_PRODUCER",
  "SPAN_KIND_CONSUMER",
];
const statusCodes = ["STATUS_CODE_UNSET", "STATUS_CODE_OK", "STATUS_CODE_ERROR"];

/**
 * Reads OTLP/JSON, as `JSON.parse` gives it: lowerCamelCase names, ids in hex, 64-bit numbers as
 * decimal strings or as numbers that JavaScript holds exactly. Unknown names are ignored and null is
 * the same as absent, as OTLP demands.
 * @throws INVALID_TRACES, with `field` naming the part, when something is not of its field's type.
 */
export function tracesFromJson(json: unknown): TracesData {
  try {
    const traces = jsonObject("", json);
    return { resourceSpans: jsonList(traces, "resourceSpans", resourceSpansFromJson) };
  } catch (error) {
    throw faultAtTop(error);
  }
}

function resourceSpansFromJson(json: JsonObject): ResourceSpans {
  const resource = optional(json, "resource", resourceFromJson);
  return {
    ...(resource === undefined ? {} : { resource }),
    scopeSpans: jsonList(json, "scopeSpans", scopeSpansFromJson),
    schemaUrl: jsonText(json, "schemaUrl"),
  };
}

function resourceFromJson(json: JsonObject): Resource {
  return { attributes: attributesFromJson(json), droppedAttributesCount: droppedAttributes(json) };
}

function scopeSpansFromJson(json: JsonObject): ScopeSpans {
  const scope = optional(json, "scope", scopeFromJson);
  return {
    ...(scope === undefined ? {} : { scope }),
    spans: jsonList(json, "spans", spanFromJson),
    schemaUrl: jsonText(json, "schemaUrl"),
  };
}

function scopeFromJson(json: JsonObject): InstrumentationScope {
  return {
    name: jsonText(json, "name"),
    version: jsonText(json, "version"),
    attributes: attributesFromJson(json),
    droppedAttributesCount: droppedAttributes(json),
  };
}

function spanFromJson(json: JsonObject): Span {
  const status = optional(json, "status", statusFromJson);
  return {
    traceId: jsonHexId(json, "traceId", 32),
    spanId: jsonHexId(json, "spanId", 16),
    traceState: jsonText(json, "traceState"),
    parentSpanId: jsonHexId(json, "parentSpanId", 16),
    flags: jsonUint32(json, "flags"),
    name: jsonText(json, "name"),
    kind: jsonEnum(json, "kind", spanKinds),
    startTimeUnixNano: jsonUint64(json, "startTimeUnixNano"),
    endTimeUnixNano: jsonUint64(json, "endTimeUnixNano"),
    attributes: attributesFromJson(json),
    droppedAttributesCount: droppedAttributes(json),
    events: jsonList(json, "events", eventFromJson),
    droppedEventsCount: jsonUint32(json, "droppedEventsCount"),
    links: jsonList(json, "links", linkFromJson),
    droppedLinksCount: jsonUint32(json, "droppedLinksCount"),
    ...(status === undefined ? {} : { status }),
  };
}

function eventFromJson(json: JsonObject): SpanEvent {
  return {
    timeUnixNano: jsonUint64(json, "timeUnixNano"),
    name: jsonText(json, "name"),
    attributes: attributesFromJson(json),
    droppedAttributesCount: droppedAttributes(json),
  };
}

function linkFromJson(json: JsonObject): SpanLink {
  return {
    traceId: jsonHexId(json, "traceId", 32),
    spanId: jsonHexId(json, "spanId", 16),
    traceState: jsonText(json, "traceState"),
    attributes: attributesFromJson(json),
    droppedAttributesCount: droppedAttributes(json),
    flags: jsonUint32(json, "flags"),
  };
}

function statusFromJson(json: JsonObject): Status {
  return { message: jsonText(json, "message"), code: jsonEnum(json, "code", statusCodes) };
}

function droppedAttributes(json: JsonObject): number {
  return jsonUint32(json, "droppedAttributesCount");
}

function attributesFromJson(json: JsonObject): KeyValue[] {
  return jsonList(json, "attributes", (item) => keyValueFromJson(item, 0));
}

/** `depth` counts as the protobuf decoder does, so that both forms hold the same values. */
function keyValueFromJson(json: JsonObject, depth: number): KeyValue {
  const value = optional(json, "value", (inner) => anyValueFromJson(inner, depth + 1)) ?? {};
  return { key: jsonText(json, "key"), value };
}

function anyValueFromJson(json: JsonObject, depth: number): AnyValue {
  if (depth > maxValueDepth) throw fault("", `a value nested deeper than ${maxValueDepth} levels`);
  let value: AnyValue = {};
  let seen: string | undefined;
  for (const [name, inner] of Object.entries(json)) {
    if (inner === null || inner === undefined) continue;
    const read = valueReaders.get(name);
    if (read === undefined) continue;
    if (seen !== undefined) throw fault("", `both ${seen} and ${name} are set`);
    seen = name;
    value = read(json, depth);
  }
  return value;
}

const valueReaders = new Map<string, (json: JsonObject, depth: number) => AnyValue>([
  ["stringValue", (json) => ({ stringValue: jsonText(json, "stringValue") })],
  ["boolValue", (json) => ({ boolValue: jsonBoolean(json, "boolValue") })],
  ["intValue", (json) => ({ intValue: jsonInt64(json, "intValue") })],
  ["doubleValue", (json) => ({ doubleValue: jsonDouble(json, "doubleValue") })],
  ["bytesValue", (json) => ({ bytesValue: jsonBase64(json, "bytesValue") })],
  [
    "arrayValue",
    (json, depth) => ({
      arrayValue: { values: valuesOf(json, "arrayValue", (item) => anyValueFromJson(item, depth + 1)) },
    }),
  ],
  [
    "kvlistValue",
    (json, depth) => ({
      kvlistValue: { values: valuesOf(json, "kvlistValue", (item) => keyValueFromJson(item, depth + 1)) },
    }),
  ],
]);

function valuesOf<T>(json: JsonObject, name: string, read: (item: JsonObject) => T): T[] {
  return optional(json, name, (list) => jsonList(list, "values", read)) ?? [];
}

function optional<T>(json: JsonObject, name: string, read: (inner: JsonObject) => T): T | undefined {
  const inner = json[name];
  if (inner === undefined || inner === null) return undefined;
  const object = jsonObject(name, inner);
  try {
    return read(object);
  } catch (error) {
    throw faultWithin(name, error);
  }
}
