import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  filterOf,
  messageCodec,
  spanFilterField,
  spanQueryOf,
  traceFilterField,
  traceQueryOf,
} from "@spanstore/client/wire";
import {
  and,
  decodeTraces,
  event,
  filterFromJson,
  filterToJson,
  openMemoryStore,
  resource,
  some,
  span,
  type TracesData,
} from "@spanstore/core";
import { encodeFilter, limitTraces, resolveFilter, spansSince, splitByTrace } from "@spanstore/core/engine";
import { encodeTraces, tracesFromJson, tracesToJson } from "@spanstore/core/otlp";
import { jaegerSpansOf, otlpOfJaegerSpan } from "@spanstore/jaeger";
import { loadConfig } from "../../src/config/load.js";
import { createTenantOf } from "../../src/routing/tenancy.js";
import { tokensOfFile, tokensOfWords } from "../../src/security/tokens.js";
import { spanOfRequest } from "../../src/storage-v1/write-span-request.js";
import { exportRequest, methodNamed, spanId, traceId } from "../harness.js";
import { jaegerSpan } from "../jaeger/jaeger1/spans.js";

/** Something that reads what strangers send. */
export interface Target {
  readonly name: string;
  /** Messages as they are meant to be, to be mutated. */
  readonly messages: readonly Uint8Array[];
  /** Reads a message: it may refuse it by an error of ours, and do nothing else. */
  readonly read: (message: Buffer) => unknown;
}

const traces: TracesData = {
  resourceSpans: [
    {
      resource: { attributes: [{ key: "service.name", value: { stringValue: "shop" } }] },
      schemaUrl: "https://opentelemetry.io/schemas/1.30.0",
      scopeSpans: [
        {
          scope: { name: "web", version: "2", attributes: [{ key: "k", value: { boolValue: true } }] },
          spans: [
            {
              traceId: traceId(7),
              spanId: spanId(7),
              parentSpanId: spanId(6),
              name: "GET /",
              kind: 2,
              startTimeUnixNano: 1_800_000_000_000_000_000n,
              endTimeUnixNano: 1_800_000_000_000_000_009n,
              traceState: "vendor=value",
              attributes: [
                { key: "double", value: { doubleValue: 1.5 } },
                {
                  key: "list",
                  value: { arrayValue: { values: [{ intValue: -5n }, { bytesValue: Uint8Array.of(1) }] } },
                },
                {
                  key: "map",
                  value: { kvlistValue: { values: [{ key: "in", value: { stringValue: "x" } }] } },
                },
              ],
              events: [
                {
                  name: "exception",
                  timeUnixNano: 1n,
                  attributes: [{ key: "e", value: { stringValue: "y" } }],
                },
              ],
              links: [{ traceId: traceId(8), spanId: spanId(8), traceState: "a=b", attributes: [] }],
              status: { code: 2, message: "failed" },
            },
          ],
        },
      ],
    },
  ],
};
const otlp = [encodeTraces(traces), exportRequest({ traceId: traceId(1), spanId: spanId(1) })];
const filter = and(
  resource.service.eq("shop"),
  span.duration.gt("500ms"),
  some(event, event.attr("e").regex("(a|b)*y{1,3}")),
  span.attr("n").in([1n, 2n]),
);
const text = (value: unknown): Buffer =>
  Buffer.from(typeof value === "string" ? value : JSON.stringify(value));
const request = (method: string, message: object): Buffer => methodNamed(method).requestSerialize(message);
/** The protocol's filter is read from the bytes, so it is put there behind the rest. */
const withFilter = (field: number): Buffer => {
  const encoded = Buffer.from(encodeFilter(filter));
  const inner = Buffer.concat([Buffer.of((field << 3) | 2), varint(encoded.length), encoded]);
  return Buffer.concat([Buffer.of(0x0a), varint(inner.length), inner]);
};
function varint(value: number): Buffer {
  return value < 128
    ? Buffer.of(value)
    : Buffer.concat([Buffer.of((value & 127) | 128), varint(value >>> 7)]);
}

const jaegerRequest = request("jaeger.storage.v1.SpanWriterPlugin/WriteSpan", {
  span: jaegerSpan({
    traceId: traceId(1),
    spanId: spanId(1),
    parent: spanId(2),
    tags: { a: "b", error: true },
  }),
});
const searches = [
  request("jaeger.storage.v2.TraceReader/FindTraces", {
    query: {
      serviceName: "shop",
      operationName: "GET",
      attributes: [{ key: "a", value: { stringValue: "b" } }],
      startTimeMin: { seconds: "1700000000", nanos: 5 },
      startTimeMax: { seconds: "1900000000" },
      durationMin: { seconds: "1" },
      searchDepth: 20,
    },
  }),
  withFilter(traceFilterField),
];

const searchRequest = messageCodec<{ query?: object }>("jaeger.storage.v2.FindTracesRequest");
const spansRequest = messageCodec<{ query?: object }>("jaeger.storage.v2.FindSpansRequest");
const tenantOf = createTenantOf({});
const folder = mkdtempSync(join(tmpdir(), "spanstore-fuzz-"));
const limits = { spanBytes: 400, nameBytes: 10, valueBytes: 20, attributes: 2 };

/** Everything of ours that decodes what comes from without. */
export async function createTargets(): Promise<readonly Target[]> {
  const store = openMemoryStore();
  for (let n = 1; n <= 5; n++) await store.write(exportRequest({ traceId: traceId(n), spanId: spanId(n) }));
  const { nextPageToken = "" } = await store.findTraceIds({ page: { size: 2 } });
  return [
    { name: "OTLP, taken apart", messages: otlp, read: (message) => splitByTrace(message) },
    { name: "OTLP, decoded", messages: otlp, read: (message) => tracesToJson(decodeTraces(message)) },
    {
      name: "OTLP, limited",
      messages: otlp,
      read: (message) => splitByTrace(limitTraces(message, limits).encoded),
    },
    {
      name: "OTLP, cut by time",
      messages: otlp,
      read: (message) =>
        splitByTrace(message).fragments.map(({ encoded }) => spansSince(encoded, 1_750_000_000_000_000_000n)),
    },
    {
      name: "OTLP in Jaeger's model",
      messages: otlp,
      read: (message) =>
        splitByTrace(message).fragments.flatMap(({ encoded }) => [...jaegerSpansOf(encoded)]),
    },
    {
      name: "OTLP in JSON",
      messages: [text(tracesToJson(traces))],
      read: (message) => tracesFromJson(JSON.parse(message.toString())),
    },
    {
      name: "spans of storage.v1",
      messages: [jaegerRequest],
      read: (message) => {
        const { bytes, start, end } = spanOfRequest(message);
        return splitByTrace(otlpOfJaegerSpan(bytes, start, end));
      },
    },
    {
      name: "searches of storage.v2",
      messages: searches,
      read: (message) => {
        const query = traceQueryOf(searchRequest.decode(message).query, filterOf(message, traceFilterField));
        return query.filter && resolveFilter(query.filter);
      },
    },
    {
      name: "span searches of storage.v2",
      messages: [withFilter(spanFilterField)],
      read: (message) => spanQueryOf(spansRequest.decode(message).query, filterOf(message, spanFilterField)),
    },
    {
      name: "filters in JSON",
      messages: [text(filterToJson(filter))],
      read: (message) => resolveFilter(filterFromJson(JSON.parse(message.toString()))),
    },
    {
      name: "page tokens",
      messages: [text(nextPageToken)],
      read: (message) => store.findTraceIds({ page: { size: 2, token: message.toString("latin1") } }),
    },
    {
      name: "tokens",
      messages: [text("# a\nread 0123456789abcdef name=x\nall 0123456789abcdef tenants=a,b\n")],
      read: (message) => tokensOfFile(message),
    },
    {
      name: "tokens of the environment",
      messages: [text("read:0123456789abcdef,all:0123456789abcdef")],
      read: (message) => tokensOfWords(message.toString().split(",")),
    },
    {
      name: "tenants",
      messages: [text("acme"), text("acm\u00e9")],
      read: (message) => tenantOf((name) => (name.endsWith("-bin") ? [] : [message.toString("latin1")])),
    },
    {
      name: "tenants in bytes",
      messages: [text("acme"), text("acm\u00e9")],
      read: (message) => tenantOf((name) => (name.endsWith("-bin") ? [message] : [])),
    },
    {
      name: "configuration",
      messages: [
        text(
          `sqlite:\n  path: $\{HOME:-x}/a.sqlite\nretention: 7d\ntenancy:\n  retention: acme=30d\nlisten: &a :1\nadmin: *a\n`,
        ),
      ],
      read: (message) => {
        const path = join(folder, "config.yaml");
        writeFileSync(path, message);
        return loadConfig(["--config", path], {});
      },
    },
    {
      name: "flags and variables",
      messages: [text("--retention=7d\n--listen=:1\n--tenancy.retention=acme=30d")],
      read: (message) => {
        const lines = message.toString().split("\n");
        return loadConfig(lines, { SPANSTORE_RETENTION: lines[0]?.slice(12) ?? "" });
      },
    },
  ];
}
