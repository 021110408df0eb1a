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

/**
 * The model as OTLP/JSON for `JSON.stringify`: lowerCamelCase names, ids in hex, 64-bit numbers as decimal strings, enums as
 * numbers, bytes in base64. Omits zero values. Doubles that JSON cannot write (NaN, the infinities, minus zero) are strings.
 */
export function tracesToJson(traces: TracesData): unknown {
  return { resourceSpans: traces.resourceSpans.map(resourceSpansToJson) };
}

function resourceSpansToJson(value: ResourceSpans): object {
  return {
    ...(value.resource === undefined ? {} : { resource: resourceToJson(value.resource) }),
    scopeSpans: value.scopeSpans.map(scopeSpansToJson),
    ...present("schemaUrl", value.schemaUrl),
  };
}

function resourceToJson(value: Resource): object {
  return attributesToJson(value);
}

function scopeSpansToJson(value: ScopeSpans): object {
  return {
    ...(value.scope === undefined ? {} : { scope: scopeToJson(value.scope) }),
    spans: value.spans.map(spanToJson),
    ...present("schemaUrl", value.schemaUrl),
  };
}

function scopeToJson(value: InstrumentationScope): object {
  return {
    ...present("name", value.name),
    ...present("version", value.version),
    ...attributesToJson(value),
  };
}

function spanToJson(value: Span): object {
  return {
    traceId: value.traceId,
    spanId: value.spanId,
    ...present("traceState", value.traceState),
    ...present("parentSpanId", value.parentSpanId),
    ...present("flags", value.flags),
    ...present("name", value.name),
    ...present("kind", value.kind),
    ...present("startTimeUnixNano", value.startTimeUnixNano),
    ...present("endTimeUnixNano", value.endTimeUnixNano),
    ...attributesToJson(value),
    ...listed("events", value.events, eventToJson),
    ...present("droppedEventsCount", value.droppedEventsCount),
    ...listed("links", value.links, linkToJson),
    ...present("droppedLinksCount", value.droppedLinksCount),
    ...(value.status === undefined ? {} : { status: statusToJson(value.status) }),
  };
}

function eventToJson(value: SpanEvent): object {
  return {
    ...present("timeUnixNano", value.timeUnixNano),
    ...present("name", value.name),
    ...attributesToJson(value),
  };
}

function linkToJson(value: SpanLink): object {
  return {
    ...present("traceId", value.traceId),
    ...present("spanId", value.spanId),
    ...present("traceState", value.traceState),
    ...attributesToJson(value),
    ...present("flags", value.flags),
  };
}

function statusToJson(value: Status): object {
  return { ...present("message", value.message), ...present("code", value.code) };
}

interface Attributed {
  readonly attributes?: readonly KeyValue[];
  readonly droppedAttributesCount?: number;
}

function attributesToJson(value: Attributed): object {
  return {
    ...listed("attributes", value.attributes, keyValueToJson),
    ...present("droppedAttributesCount", value.droppedAttributesCount),
  };
}

function keyValueToJson(pair: KeyValue): object {
  return { key: pair.key, value: anyValueToJson(pair.value) };
}

function anyValueToJson(value: AnyValue): object {
  if ("intValue" in value) return { intValue: value.intValue.toString() };
  if ("doubleValue" in value) return { doubleValue: doubleToJson(value.doubleValue) };
  if ("bytesValue" in value) {
    const { buffer, byteOffset, byteLength } = value.bytesValue;
    return { bytesValue: Buffer.from(buffer, byteOffset, byteLength).toString("base64") };
  }
  if ("arrayValue" in value) return { arrayValue: { values: value.arrayValue.values.map(anyValueToJson) } };
  if ("kvlistValue" in value)
    return { kvlistValue: { values: value.kvlistValue.values.map(keyValueToJson) } };
  return { ...value };
}

function doubleToJson(value: number): number | string {
  if (!Number.isFinite(value)) return String(value);
  return Object.is(value, -0) ? "-0" : value;
}

function present(name: string, value: string | number | bigint | undefined): object {
  if (!value) return {};
  return { [name]: typeof value === "bigint" ? value.toString() : value };
}

function listed<T>(name: string, list: readonly T[] | undefined, toJson: (item: T) => object): object {
  return list === undefined || list.length === 0 ? {} : { [name]: list.map(toJson) };
}
