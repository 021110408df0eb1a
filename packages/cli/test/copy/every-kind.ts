import { type Span, SpanKind, StatusCode, type TracesData } from "@spanstore/core";
import { minutesAgo, ms } from "../../../grpc-server/test/jaeger/jaeger2/inputs.js";

const traceId = "0000000000000000a1a2a3a4a5a6a7a8";
const otherId = "b1b2b3b4b5b6b7b8b9babbbcbdbebfb0";
const micro = 1_000n;
/** The attribute that makes a link a reference of Jaeger's kind CHILD_OF. */
const childOf = { key: "opentracing.ref_type", value: { stringValue: "child_of" } };
const start = minutesAgo(9);

function spanId(number: number): string {
  return number.toString(16).padStart(16, "c");
}

/** Times in whole microseconds: Jaeger's Elasticsearch storage keeps no more. */
function spanOf(number: number, more: Partial<Span>): Span {
  const at = start + BigInt(number) * ms;
  return {
    traceId,
    spanId: spanId(number),
    name: `span ${number}`,
    kind: SpanKind.internal,
    startTimeUnixNano: at,
    endTimeUnixNano: at + 1_234n * micro,
    ...more,
  };
}

const root = spanOf(1, {
  name: "every type of attribute",
  kind: SpanKind.server,
  traceState: "vendor=value,other=1",
  flags: 0x101,
  attributes: [
    { key: "text", value: { stringValue: 'quotes " and \\ and \u0000 and 日本語 <&>' } },
    { key: "empty", value: { stringValue: "" } },
    { key: "looks.like.a.number", value: { stringValue: "42" } },
    { key: "yes", value: { boolValue: true } },
    { key: "no", value: { boolValue: false } },
    { key: "zero", value: { intValue: 0n } },
    { key: "small", value: { intValue: -7n } },
    { key: "largest", value: { intValue: 2n ** 63n - 1n } },
    { key: "smallest", value: { intValue: -(2n ** 63n) } },
    { key: "beyond.a.double", value: { intValue: 9_007_199_254_740_993n } },
    { key: "ratio", value: { doubleValue: 0.1 } },
    { key: "tiny", value: { doubleValue: 5e-324 } },
    { key: "huge", value: { doubleValue: 1.7976931348623157e308 } },
    { key: "bytes", value: { bytesValue: new Uint8Array([0, 255, 1]) } },
    { key: "list", value: { arrayValue: { values: [{ stringValue: "a" }, { intValue: 2n }] } } },
    { key: "map", value: { kvlistValue: { values: [{ key: "k", value: { boolValue: true } }] } } },
  ],
});

const children: readonly Span[] = [
  spanOf(2, {
    name: "an error",
    parentSpanId: root.spanId,
    kind: SpanKind.client,
    status: { code: StatusCode.error, message: "it went wrong" },
    attributes: [{ key: "peer.service", value: { stringValue: "db" } }],
    events: [
      {
        name: "exception",
        timeUnixNano: start + 5n * ms,
        attributes: [
          { key: "exception.type", value: { stringValue: "Timeout" } },
          { key: "exception.escaped", value: { boolValue: false } },
          { key: "attempt", value: { intValue: 9_007_199_254_740_993n } },
        ],
      },
      { name: "nothing more", timeUnixNano: start + 6n * ms },
      { name: "", timeUnixNano: start + 7n * ms, attributes: [{ key: "n", value: { intValue: 1n } }] },
    ],
  }),
  spanOf(3, {
    name: "links",
    parentSpanId: root.spanId,
    kind: SpanKind.consumer,
    status: { code: StatusCode.ok },
    links: [
      { traceId: otherId, spanId: spanId(31) },
      { traceId: otherId, spanId: spanId(32), attributes: [childOf] },
      { traceId, spanId: spanId(2) },
    ],
  }),
  spanOf(4, {
    name: "a link to its parent",
    parentSpanId: root.spanId,
    kind: SpanKind.producer,
    links: [{ traceId, spanId: root.spanId }],
  }),
  spanOf(5, { name: "no kind and no length", parentSpanId: spanId(99), kind: SpanKind.unspecified }),
];

/** A span without a parent that has links alone. */
const linked = spanOf(6, {
  name: "only links",
  traceId: otherId,
  links: [{ traceId, spanId: root.spanId }],
});

/** Spans of every kind that OTLP has, as far as Jaeger's Elasticsearch storage gives them back. */
export const everyKind: TracesData = {
  resourceSpans: [
    {
      resource: {
        attributes: [
          { key: "service.name", value: { stringValue: "shop" } },
          { key: "service.version", value: { stringValue: "1.2.3" } },
          { key: "process.pid", value: { intValue: 12_345_678_901_234_567n } },
          { key: "host.name", value: { stringValue: "h1" } },
        ],
      },
      scopeSpans: [{ scope: { name: "web", version: "2" }, spans: [root, ...children] }],
    },
    {
      resource: { attributes: [{ key: "service.name", value: { stringValue: "mail" } }] },
      scopeSpans: [{ scope: { name: "mailer" }, spans: [linked] }, { spans: [] }],
    },
  ],
};

export const everyKindIds = [traceId, otherId] as const;
