import { type KeyValue, type Span, SpanKind, StatusCode } from "@spanstore/core";
import { encodeTraces, type Status } from "@spanstore/core/otlp";
import {
  isAbsent,
  isNoId,
  readId,
  readInstant,
  readList,
  readMicros,
  readObject,
  readText,
  refused,
} from "@spanstore/jaeger";
import { isObject, type JsonObject, known, type Note, type ReadSpans } from "./read-spans.js";

const kinds: Readonly<Record<string, number>> = {
  CLIENT: SpanKind.client,
  SERVER: SpanKind.server,
  PRODUCER: SpanKind.producer,
  CONSUMER: SpanKind.consumer,
};

const nanosPerMicro = 1000n;

/** Fields of a span without a counterpart in OTLP. */
const withoutPlace = ["debug", "shared"];

export function isZipkinSpan(json: unknown): boolean {
  return (
    isObject(json) && typeof json.traceId === "string" && typeof json.id === "string" && !("spanId" in json)
  );
}

/** Translates spans of Zipkin's v2 JSON to OTLP, as the OpenTelemetry collector does. */
export function* readZipkinSpans(
  spans: readonly unknown[],
  path: string,
): Generator<ReadSpans, void, undefined> {
  const unknown = new Set<string>();
  for (const [i, json] of spans.entries()) {
    const at = spans.length === 1 ? path : `${path}[${i}]`;
    try {
      yield { encoded: encodedSpan(json, at), spans: 1 };
    } catch (error) {
      yield { error: known(error), spans: 1 };
    }
    for (const name of withoutPlace) if (isObject(json) && json[name] === true) unknown.add(name);
  }
  for (const name of unknown) yield { note: { kind: "unknown", name: `zipkin.${name}` } satisfies Note };
}

function encodedSpan(given: unknown, path: string): Uint8Array {
  const field = (name: string): string => (path === "" ? name : `${path}.${name}`);
  const json = readObject(given, path);
  if ("binaryAnnotations" in json) {
    throw refused(
      field("binaryAnnotations"),
      json.binaryAnnotations,
      "Zipkin's v2 JSON, which its /api/v2 gives",
    );
  }
  const tags = tagsOf(json.tags, field("tags"));
  const local = endpointOf(json.localEndpoint, field("localEndpoint"));
  const remote = endpointOf(json.remoteEndpoint, field("remoteEndpoint"));
  const events = readList(json.annotations, field("annotations")).map((item, i) => {
    const at = `${field("annotations")}[${i}]`;
    const { timestamp, value } = readObject(item, at);
    return {
      timeUnixNano: readInstant(timestamp, `${at}.timestamp`) * nanosPerMicro,
      name: readText(value, `${at}.value`),
    };
  });
  const start = startOf(json, events, field("timestamp"));
  const scopeName = takeText(tags, "otel.scope.name") ?? takeText(tags, "otel.library.name");
  const scopeVersion = takeText(tags, "otel.scope.version") ?? takeText(tags, "otel.library.version");
  const id = (name: string, size: 8 | 16): string => readId(json[name], field(name), size).toString("hex");
  const parent = isNoId(json.parentId) ? "" : id("parentId", 8);
  const spanId = id("id", 8);
  const status = statusOf(tags);
  const kind = kindOf(json.kind, tags, field("kind"));
  const traceState = takeText(tags, "w3c.tracestate") ?? "";
  const span: Span = {
    traceId: id("traceId", 16),
    spanId,
    parentSpanId: parent === spanId ? "" : parent,
    traceState,
    name: readText(json.name, field("name")),
    kind,
    startTimeUnixNano: start,
    endTimeUnixNano: start + readMicros(json.duration, field("duration")) * nanosPerMicro,
    attributes: [
      ...[...tags].map(([key, value]) => ({ key, value })),
      ...local.address("net.host"),
      ...(remote.service === "" ? [] : [text("peer.service", remote.service)]),
      ...remote.address("net.peer"),
    ],
    events,
    ...(status === undefined ? {} : { status }),
  };
  const attributes = local.service === "" ? [] : [text("service.name", local.service)];
  const scope = scopeName === undefined ? {} : { scope: { name: scopeName, version: scopeVersion ?? "" } };
  return encodeTraces({
    resourceSpans: [{ resource: { attributes }, scopeSpans: [{ ...scope, spans: [span] }] }],
  });
}

/** Zipkin marks a failed span by the tag `error`, with a text; OpenTelemetry's exporters write two other tags. */
function statusOf(tags: Map<string, KeyValue["value"]>): Status | undefined {
  const code = takeText(tags, "otel.status_code");
  const description = code === undefined ? undefined : takeText(tags, "otel.status_description");
  const error = tags.get("error");
  const errorText = error === undefined ? "false" : "stringValue" in error ? error.stringValue : "true";
  if (errorText === "true" || errorText === "") tags.delete("error");
  if (errorText !== "false" || code === "ERROR") {
    const said = errorText === "true" || errorText === "false" ? "" : errorText;
    return { code: StatusCode.error, message: description ?? said };
  }
  return code === "OK" ? { code: StatusCode.ok, message: description ?? "" } : undefined;
}

function kindOf(given: unknown, tags: Map<string, KeyValue["value"]>, field: string): number {
  if (isAbsent(given)) {
    const said = tags.get("span.kind");
    if (said === undefined || !("stringValue" in said) || said.stringValue !== "internal") return 0;
    tags.delete("span.kind");
    return SpanKind.internal;
  }
  const kind = typeof given === "string" ? kinds[given.toUpperCase()] : undefined;
  if (kind === undefined) throw refused(field, given, "CLIENT, SERVER, PRODUCER or CONSUMER");
  return kind;
}

/** The start of a span; its first annotation when the reporter did not know the start. */
function startOf(
  json: JsonObject,
  events: readonly { readonly timeUnixNano: bigint }[],
  field: string,
): bigint {
  const [first] = events.map(({ timeUnixNano }) => timeUnixNano).sort((a, b) => (a < b ? -1 : 1));
  if (isAbsent(json.timestamp) && first !== undefined) return first;
  return readInstant(json.timestamp, field) * nanosPerMicro;
}

interface Endpoint {
  readonly service: string;
  address(prefix: string): KeyValue[];
}

function endpointOf(given: unknown, field: string): Endpoint {
  const json = isAbsent(given) ? {} : readObject(given, field);
  const ip = json.ipv6 ?? json.ipv4;
  const { port } = json;
  return {
    service: readText(json.serviceName, `${field}.serviceName`),
    address: (prefix) => [
      ...(isAbsent(ip) ? [] : [text(`${prefix}.ip`, readText(ip, `${field}.ipv4`))]),
      ...(typeof port === "number" && Number.isInteger(port) && port > 0
        ? [{ key: `${prefix}.port`, value: { intValue: BigInt(port) } }]
        : []),
    ],
  };
}

function tagsOf(given: unknown, field: string): Map<string, KeyValue["value"]> {
  const tags = new Map<string, KeyValue["value"]>();
  for (const [key, value] of Object.entries(isAbsent(given) ? {} : readObject(given, field))) {
    if (isAbsent(value)) tags.set(key, { stringValue: "" });
    else if (typeof value === "string") tags.set(key, { stringValue: value });
    else if (typeof value === "boolean") tags.set(key, { boolValue: value });
    else if (typeof value === "number") tags.set(key, { doubleValue: value });
    else throw refused(`${field}.${key}`, value, "a string");
  }
  return tags;
}

function takeText(tags: Map<string, KeyValue["value"]>, key: string): string | undefined {
  const value = tags.get(key);
  if (value === undefined || !("stringValue" in value)) return undefined;
  tags.delete(key);
  return value.stringValue;
}

function text(key: string, value: string): KeyValue {
  return { key, value: { stringValue: value } };
}
