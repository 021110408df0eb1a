import fc from "fast-check";
import type { AnyValue, KeyValue } from "../model/any-value.js";
import type { InstrumentationScope, Resource, Span, TracesData } from "../model/trace.js";

/** Arbitrary OTLP as `decodeTraces` returns it: every property is set, except optional messages. */

const text = fc.oneof(
  fc.constantFrom("", "a", "service.name", "\0nul\0", "\ufeffbom", "😀"),
  fc.string({ unit: "binary", maxLength: 40 }),
);
const uint32 = fc.oneof(fc.constantFrom(0, 1, 0x7fffffff, 0xffffffff), fc.nat());
const uint64 = fc.oneof(
  fc.constantFrom(0n, 1n, (1n << 63n) - 1n, (1n << 64n) - 1n),
  fc.bigInt(0n, (1n << 64n) - 1n),
);
const int64 = fc.oneof(
  fc.constantFrom(0n, -1n, 127n, 128n, -(1n << 63n), (1n << 63n) - 1n, 1n << 31n, 1n << 32n),
  fc.bigInt(-(1n << 63n), (1n << 63n) - 1n),
);
const hex = (digits: number): fc.Arbitrary<string> =>
  fc
    .uint8Array({ minLength: digits / 2, maxLength: digits / 2 })
    .map((bytes) => Buffer.from(bytes).toString("hex"));

const { value } = fc.letrec<{ value: AnyValue; pair: KeyValue }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.constant<AnyValue>({}),
    text.map((stringValue) => ({ stringValue })),
    fc.boolean().map((boolValue) => ({ boolValue })),
    int64.map((intValue) => ({ intValue })),
    fc.double().map((doubleValue) => ({ doubleValue })),
    fc.uint8Array({ maxLength: 20 }).map((bytes) => ({ bytesValue: new Uint8Array(bytes) })),
    fc.array(tie("value"), { maxLength: 4 }).map((values) => ({ arrayValue: { values } })),
    fc.array(tie("pair"), { maxLength: 4 }).map((values) => ({ kvlistValue: { values } })),
  ),
  pair: fc.record({ key: text, value: tie("value") }),
}));

const attributes = fc.array(fc.record({ key: fc.oneof(fc.constantFrom("", "k", "error"), text), value }), {
  maxLength: 5,
});

const event = fc.record({ timeUnixNano: uint64, name: text, attributes, droppedAttributesCount: uint32 });

const link = fc.record({
  traceId: fc.oneof(hex(32), fc.constant("")),
  spanId: fc.oneof(hex(16), fc.constant("")),
  traceState: text,
  attributes,
  droppedAttributesCount: uint32,
  flags: uint32,
});

const spanFields = {
  traceId: hex(32),
  spanId: hex(16),
  traceState: text,
  parentSpanId: fc.oneof(hex(16), fc.constant("")),
  flags: uint32,
  name: text,
  kind: fc.oneof(fc.integer({ min: 0, max: 5 }), fc.integer()),
  startTimeUnixNano: uint64,
  endTimeUnixNano: uint64,
  attributes,
  droppedAttributesCount: uint32,
  events: fc.array(event, { maxLength: 3 }),
  droppedEventsCount: uint32,
  links: fc.array(link, { maxLength: 3 }),
  droppedLinksCount: uint32,
};
const status = fc.record({ message: text, code: fc.oneof(fc.integer({ min: 0, max: 2 }), fc.integer()) });

const span: fc.Arbitrary<Span> = fc.oneof(fc.record(spanFields), fc.record({ ...spanFields, status }));

const scope: fc.Arbitrary<InstrumentationScope> = fc.record({
  name: text,
  version: text,
  attributes,
  droppedAttributesCount: uint32,
});
const resource: fc.Arbitrary<Resource> = fc.record({ attributes, droppedAttributesCount: uint32 });

const scopeFields = { spans: fc.array(span, { maxLength: 3 }), schemaUrl: text };
const scopeSpans = fc.oneof(fc.record(scopeFields), fc.record({ ...scopeFields, scope }));
const resourceFields = { scopeSpans: fc.array(scopeSpans, { maxLength: 3 }), schemaUrl: text };
const resourceSpans = fc.oneof(fc.record(resourceFields), fc.record({ ...resourceFields, resource }));

export const tracesData: fc.Arbitrary<TracesData> = fc.record({
  resourceSpans: fc.array(resourceSpans, { maxLength: 3 }),
});
