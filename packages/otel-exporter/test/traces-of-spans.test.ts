import { createTraceState, ROOT_CONTEXT, type SpanContext, SpanStatusCode, trace } from "@opentelemetry/api";
import { ProtobufTraceSerializer } from "@opentelemetry/otlp-transformer";
import { resourceFromAttributes } from "@opentelemetry/resources";
import {
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
  TracerProvider,
} from "@opentelemetry/sdk-trace";
import { decodeTraces } from "@spanstore/core";
import { encodeTraces } from "@spanstore/core/otlp";
import fc from "fast-check";
import { expect, it } from "vitest";
import { tracesOfReadableSpans } from "../src/index.js";

const hex = (length: number) =>
  // Ids of zeros are invalid.
  fc.stringMatching(new RegExp(`^[0-9a-f]{${length}}$`)).filter((id) => /[1-9a-f]/.test(id));
const attributes = fc.dictionary(
  fc.string({ minLength: 1, unit: "grapheme" }).filter((key) => key !== "__proto__"),
  fc.oneof(
    fc.string({ unit: "grapheme" }),
    fc.boolean(),
    fc.double({ noNaN: true }),
    fc.constantFrom(0, -0, 7, -1, 2 ** 53 - 1, 2 ** 62, -(2 ** 63), 2 ** 63, 1e300, 0.1, 1_700_000_000_123),
    fc.array(fc.option(fc.string(), { nil: undefined }), { maxLength: 3 }),
    fc.array(fc.integer(), { maxLength: 3 }),
  ),
  { maxKeys: 5 },
);
const time = fc.tuple(fc.integer({ min: 0, max: 4_000_000_000 }), fc.integer({ min: 0, max: 999_999_999 }));
const context = fc
  .record({
    traceId: hex(32),
    spanId: hex(16),
    traceFlags: fc.constantFrom(0, 1),
    isRemote: fc.boolean(),
    traceState: fc.constantFrom("", "a=1", "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE"),
  })
  .map(
    ({ traceState, ...ids }): SpanContext =>
      traceState === "" ? ids : { ...ids, traceState: createTraceState(traceState) },
  );
const recipe = fc.record({
  name: fc.string({ unit: "grapheme" }),
  kind: fc.constantFrom(0, 1, 2, 3, 4),
  parent: fc.option(context),
  start: time,
  end: time,
  status: fc.constantFrom(
    { code: SpanStatusCode.UNSET },
    { code: SpanStatusCode.OK },
    { code: SpanStatusCode.ERROR },
    { code: SpanStatusCode.ERROR, message: "it failed" },
  ),
  attributes,
  events: fc.array(fc.record({ name: fc.string(), attributes, time }), { maxLength: 3 }),
  links: fc.array(fc.record({ context, attributes }), { maxLength: 2 }),
  tracer: fc.constantFrom({ name: "web", version: "1.2", schemaUrl: "https://schema/1" }, { name: "db" }),
});
type Recipe = typeof recipe extends fc.Arbitrary<infer T> ? T : never;
type Attributes = typeof attributes extends fc.Arbitrary<infer T> ? T : never;

/** Records these spans with a real provider. */
async function recorded(resource: Attributes, recipes: readonly Recipe[]): Promise<ReadableSpan[]> {
  const memory = new InMemorySpanExporter();
  const provider = new TracerProvider({
    resource: resourceFromAttributes(resource),
    spanProcessors: [new SimpleSpanProcessor({ exporter: memory })],
    spanLimits: { attributeCountLimit: 4, eventCountLimit: 2, linkCountLimit: 1 },
  });
  for (const { tracer, name, parent, start, end, status, events, ...options } of recipes) {
    const { version, schemaUrl } = { version: undefined, schemaUrl: undefined, ...tracer };
    const parentContext =
      parent === null ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, { ...parent, traceFlags: 1 });
    const span = provider
      .getTracer(tracer.name, version, schemaUrl === undefined ? {} : { schemaUrl })
      .startSpan(name, { ...options, startTime: start }, parentContext);
    for (const event of events) span.addEvent(event.name, event.attributes, event.time);
    span.setStatus(status).end(end);
  }
  await provider.forceFlush();
  return memory.getFinishedSpans();
}

it("converts the SDK's spans like the SDK's own OTLP serializer", async () => {
  await fc.assert(
    fc.asyncProperty(
      attributes,
      fc.array(recipe, { minLength: 1, maxLength: 6 }),
      async (resource, recipes) => {
        const spans = await recorded(resource, recipes);
        expect(spans).toHaveLength(recipes.length);
        const official = ProtobufTraceSerializer.serializeRequest(spans) ?? new Uint8Array();
        const ours = encodeTraces(tracesOfReadableSpans(spans));
        expect(decodeTraces(ours)).toEqual(decodeTraces(official));
      },
    ),
    { numRuns: 300 },
  );
});

it("keeps bytes, maps and lists of lists, and empties values that OTLP lacks", () => {
  const [span] = tracesOfReadableSpans([
    {
      name: "odd",
      kind: 0,
      spanContext: () => ({ traceId: "a".repeat(32), spanId: "b".repeat(16), traceFlags: 1 }),
      startTime: [1, 2],
      endTime: [3, 4],
      status: { code: 0 },
      attributes: {
        bytes: new Uint8Array([0, 255]),
        map: { deep: [[1], { on: true }], nothing: null },
        nan: Number.NaN,
        function: () => 1,
      },
      links: [],
      events: [],
      resource: { attributes: {} },
      instrumentationScope: { name: "test", attributes: { scoped: "yes" } },
      droppedAttributesCount: 0,
      droppedEventsCount: 0,
      droppedLinksCount: 0,
    },
  ]).resourceSpans.flatMap(({ scopeSpans }) => scopeSpans);
  expect(span?.scope).toEqual({
    name: "test",
    attributes: [{ key: "scoped", value: { stringValue: "yes" } }],
  });
  expect(span?.spans[0]?.attributes).toEqual([
    { key: "bytes", value: { bytesValue: new Uint8Array([0, 255]) } },
    {
      key: "map",
      value: {
        kvlistValue: {
          values: [
            {
              key: "deep",
              value: {
                arrayValue: {
                  values: [
                    { arrayValue: { values: [{ intValue: 1n }] } },
                    { kvlistValue: { values: [{ key: "on", value: { boolValue: true } }] } },
                  ],
                },
              },
            },
            { key: "nothing", value: {} },
          ],
        },
      },
    },
    { key: "nan", value: { doubleValue: Number.NaN } },
    { key: "function", value: {} },
  ]);
});
