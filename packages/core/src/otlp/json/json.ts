import type { AnyValue, KeyValue } from "../../model/any-value.js";
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
} from "../../model/trace.js";
import { fault, faultAtTop, faultWithin } from "../fault.js";
import { maxValueDepth } from "../values.js";
import {
  type JsonObject,
  jsonBase64,
  jsonBoolean,
  jsonDouble,
  jsonEnum,
  jsonId,
  jsonInt64,
  jsonItems,
  jsonList,
  jsonName,
  jsonObject,
  jsonText,
  jsonUint32,
  jsonUint64,
  jsonValue,
  spelledName,
} from "./json-fields.js";

/** The names of enum numbers, which OTLP/JSON allows besides the numbers. */
const spanKinds = {
  prefix: "SPAN_KIND_",
  names: ["UNSPECIFIED", "INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER"],
};
const statusCodes = { prefix: "STATUS_CODE_", names: ["UNSET", "OK", "ERROR"] };

/** Receives an unknown name and the message that has it. The path prefixes the errors it throws. */
export type UnknownName = (message: string, name: string) => void;

/**
 * Reads OTLP/JSON from the result of `JSON.parse`: names in lowerCamelCase or as in protobuf, ids in hex or base64, 64-bit
 * numbers as decimal strings, bigints or exact numbers, enums by number or name. Without `scopeSpans` it reads
 * `instrumentationLibrarySpans`, OTLP's name before 0.15. As OTLP demands, unknown names are ignored and null means absent.
 * @throws INVALID_TRACES, with `field` naming the part, when a value has the wrong type.
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
  return {
    ...resourceOfJson(json),
    scopeSpans: jsonList(json, scopesName(json), (scope) => ({
      ...scopeOfJson(scope),
      spans: jsonList(scope, "spans", spanFromJson),
    })),
  };
}

/** The name under which a ResourceSpans has its scopes. With both names the old one is ignored, as OTLP demands. */
export function scopesName(json: JsonObject): string {
  const old = "instrumentationLibrarySpans";
  return jsonItems(json, "scopeSpans").length === 0 && jsonItems(json, old).length > 0 ? old : "scopeSpans";
}

/** The fields of a ResourceSpans without its spans. */
export function resourceOfJson(json: JsonObject, unknown?: UnknownName): Omit<ResourceSpans, "scopeSpans"> {
  checkNames(json, "resourceSpans", unknown);
  const resource = optional(json, "resource", (inner) => resourceFromJson(inner, unknown));
  return { ...(resource === undefined ? {} : { resource }), schemaUrl: jsonText(json, "schemaUrl") };
}

/** The fields of a ScopeSpans without its spans. */
export function scopeOfJson(json: JsonObject, unknown?: UnknownName): Omit<ScopeSpans, "spans"> {
  checkNames(json, "scopeSpans", unknown);
  const name = jsonValue(json, "scope") === undefined ? "instrumentationLibrary" : "scope";
  const scope = optional(json, name, (inner) => scopeFromJson(inner, unknown));
  return { ...(scope === undefined ? {} : { scope }), schemaUrl: jsonText(json, "schemaUrl") };
}

function resourceFromJson(json: JsonObject, unknown?: UnknownName): Resource {
  checkNames(json, "resource", unknown);
  return attributed(json, unknown);
}

function scopeFromJson(json: JsonObject, unknown?: UnknownName): InstrumentationScope {
  checkNames(json, "scope", unknown);
  return { name: jsonText(json, "name"), version: jsonText(json, "version"), ...attributed(json, unknown) };
}

export function spanFromJson(json: JsonObject, unknown?: UnknownName): Span {
  checkNames(json, "span", unknown);
  const status = optional(json, "status", (inner) => statusFromJson(inner, unknown));
  return {
    traceId: jsonId(json, "traceId", 16),
    spanId: jsonId(json, "spanId", 8),
    traceState: jsonText(json, "traceState"),
    parentSpanId: jsonId(json, "parentSpanId", 8),
    flags: jsonUint32(json, "flags"),
    name: jsonText(json, "name"),
    kind: jsonEnum(json, "kind", spanKinds),
    startTimeUnixNano: jsonUint64(json, "startTimeUnixNano"),
    endTimeUnixNano: jsonUint64(json, "endTimeUnixNano"),
    ...attributed(json, unknown),
    events: jsonList(json, "events", (event) => eventFromJson(event, unknown)),
    droppedEventsCount: jsonUint32(json, "droppedEventsCount"),
    links: jsonList(json, "links", (link) => linkFromJson(link, unknown)),
    droppedLinksCount: jsonUint32(json, "droppedLinksCount"),
    ...(status === undefined ? {} : { status }),
  };
}

function eventFromJson(json: JsonObject, unknown?: UnknownName): SpanEvent {
  checkNames(json, "event", unknown);
  return {
    timeUnixNano: jsonUint64(json, "timeUnixNano"),
    name: jsonText(json, "name"),
    ...attributed(json, unknown),
  };
}

function linkFromJson(json: JsonObject, unknown?: UnknownName): SpanLink {
  checkNames(json, "link", unknown);
  return {
    traceId: jsonId(json, "traceId", 16),
    spanId: jsonId(json, "spanId", 8),
    traceState: jsonText(json, "traceState"),
    ...attributed(json, unknown),
    flags: jsonUint32(json, "flags"),
  };
}

function statusFromJson(json: JsonObject, unknown?: UnknownName): Status {
  checkNames(json, "status", unknown);
  return { message: jsonText(json, "message"), code: jsonEnum(json, "code", statusCodes) };
}

function attributed(
  json: JsonObject,
  unknown?: UnknownName,
): { attributes: KeyValue[]; droppedAttributesCount: number } {
  return {
    attributes: jsonList(json, "attributes", (item) => keyValueFromJson(item, 0, unknown)),
    droppedAttributesCount: jsonUint32(json, "droppedAttributesCount"),
  };
}

/** Counts `depth` like the protobuf decoder, so that both forms accept the same values. */
function keyValueFromJson(json: JsonObject, depth: number, unknown?: UnknownName): KeyValue {
  checkNames(json, "attribute", unknown);
  const value = optional(json, "value", (inner) => anyValueFromJson(inner, depth + 1, unknown)) ?? {};
  return { key: jsonText(json, "key"), value };
}

function anyValueFromJson(json: JsonObject, depth: number, unknown?: UnknownName): AnyValue {
  if (depth > maxValueDepth) throw fault("", `a value nested deeper than ${maxValueDepth} levels`);
  let value: AnyValue = {};
  let seen: string | undefined;
  for (const [spelled, inner] of Object.entries(json)) {
    if (inner === null || inner === undefined) continue;
    const name = valueReaders.has(spelled) ? spelled : jsonName(spelled);
    const read = valueReaders.get(name);
    if (read === undefined) {
      unknown?.("value", spelled);
      continue;
    }
    if (seen !== undefined) throw fault("", `both ${seen} and ${spelled} are set`);
    seen = spelled;
    value = read(json, depth, unknown);
  }
  return value;
}

type ValueReader = (json: JsonObject, depth: number, unknown?: UnknownName) => AnyValue;

const valueReaders = new Map<string, ValueReader>([
  ["stringValue", (json) => ({ stringValue: jsonText(json, "stringValue") })],
  ["boolValue", (json) => ({ boolValue: jsonBoolean(json, "boolValue") })],
  ["intValue", (json) => ({ intValue: jsonInt64(json, "intValue") })],
  ["doubleValue", (json) => ({ doubleValue: jsonDouble(json, "doubleValue") })],
  ["bytesValue", (json) => ({ bytesValue: jsonBase64(json, "bytesValue") })],
  [
    "arrayValue",
    (json, depth, unknown) => ({
      arrayValue: {
        values: valuesOf(json, "arrayValue", (item) => anyValueFromJson(item, depth + 1, unknown)),
      },
    }),
  ],
  [
    "kvlistValue",
    (json, depth, unknown) => ({
      kvlistValue: {
        values: valuesOf(json, "kvlistValue", (item) => keyValueFromJson(item, depth + 1, unknown)),
      },
    }),
  ],
]);

function valuesOf<T>(json: JsonObject, name: string, read: (item: JsonObject) => T): T[] {
  return optional(json, name, (list) => jsonList(list, "values", read)) ?? [];
}

function optional<T>(json: JsonObject, name: string, read: (inner: JsonObject) => T): T | undefined {
  const inner = jsonValue(json, name);
  if (inner === undefined) return undefined;
  const spelled = spelledName(json, name);
  const object = jsonObject(spelled, inner);
  try {
    return read(object);
  } catch (error) {
    throw faultWithin(spelled, error);
  }
}

const attributeNames = ["attributes", "droppedAttributesCount"];

/** The known names of each message. */
const knownNames: Readonly<Record<string, ReadonlySet<string>>> = {
  resourceSpans: new Set(["resource", "scopeSpans", "instrumentationLibrarySpans", "schemaUrl"]),
  resource: new Set(attributeNames),
  scopeSpans: new Set(["scope", "instrumentationLibrary", "spans", "schemaUrl"]),
  scope: new Set(["name", "version", ...attributeNames]),
  span: new Set([
    ...["traceId", "spanId", "traceState", "parentSpanId", "flags", "name", "kind"],
    ...["startTimeUnixNano", "endTimeUnixNano", ...attributeNames, "status"],
    ...["events", "droppedEventsCount", "links", "droppedLinksCount"],
  ]),
  event: new Set(["timeUnixNano", "name", ...attributeNames]),
  link: new Set(["traceId", "spanId", "traceState", "flags", ...attributeNames]),
  status: new Set(["message", "code"]),
  attribute: new Set(["key", "value"]),
};

function checkNames(json: JsonObject, message: string, unknown: UnknownName | undefined): void {
  if (unknown === undefined) return;
  const known = knownNames[message] as ReadonlySet<string>;
  for (const name of Object.keys(json)) {
    if (known.has(name) || known.has(jsonName(name))) continue;
    if (json[name] !== null && json[name] !== undefined) unknown(message, name);
  }
}
