import fc from "fast-check";
import type { AnyValue, KeyValue } from "../model/any-value.js";
import type { Resource, ResourceSpans, Span, TracesData } from "../model/trace.js";
import { baseTime } from "./spans.js";

/**
 * Random data sets that compare stores, biased to collide: few ids, few keys, few values, and values of several types with the
 * same text form. Shrinking removes optional parts, so that a failing case becomes small.
 */

/** Stands for bytes of the same length that are not UTF-8; see `encodeRequest`. */
export const invalidText = "\u{10fffe}";
/** How reads show those bytes. */
export const replacedText = "\ufffd".repeat(4);

export const texts = [
  ...["", "a", "A", "b", "200", "true", "NaN", "-0", "1e+21", "MjAw", "[200]", '{"k":200}', "null"],
  ...["out of memory", "Out OF memory-leak", "memory out, of", "stra\u00dfe STRASSE", "\u212a k", "\0nul"],
  ...["\uffff", "\u{10000}", invalidText, replacedText],
] as const;

export const keys = ["k", "l", "service.name", "error", "200", invalidText] as const;
export const services = ["shop", "cart", "", "200", invalidText] as const;
export const names = ["op", "", "GET /", "200", invalidText] as const;
export const traceIds = [
  "00000000000000000000000000000001",
  "00000000000000000000000000000002",
  "00000000000000010000000000000001",
  "ffffffffffffffffffffffffffffffff",
  "ab0000000000000000000000000000cd",
] as const;
export const spanIds = [
  "0000000000000001",
  "0000000000000002",
  "00000000000000aa",
  "ffffffffffffffff",
] as const;
export const noSpanId = "0000000000000000";

const millis = 1_000_000n;
const second = 1000n * millis;

/** Offsets around the bounds of engines' windows of time, and large ones. */
const offsets = [
  ...[0n, 1n, -1n, millis - 1n, millis, 2n * millis, 1023n * millis, 1024n * millis, second, 61n * second],
  ...[3600n * second, -3600n * second, 86_400n * second],
];
const extremeTimes = [0n, 1n, (1n << 63n) - 1n, 1n << 63n, (1n << 64n) - 1n];
export const durations = [0n, 1n, 2n, 1000n, 1024n, millis, second, 3600n * second, -1n, -second];

export const time = fc.oneof(
  { weight: 12, arbitrary: fc.constantFrom(...offsets).map((offset) => baseTime + offset) },
  { weight: 1, arbitrary: fc.constantFrom(...extremeTimes) },
);

export const value: fc.Arbitrary<AnyValue> = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...texts).map((stringValue) => ({ stringValue })) },
  {
    weight: 3,
    arbitrary: fc
      .constantFrom(200n, 0n, -1n, 1n, 300n, 9007199254740993n, -(1n << 63n), (1n << 63n) - 1n)
      .map((intValue) => ({ intValue })),
  },
  {
    weight: 2,
    arbitrary: fc
      .constantFrom(200, 0, -0, 0.5, 1e21, 9007199254740992, Number.NaN, Number.NEGATIVE_INFINITY, 5e-324)
      .map((doubleValue) => ({ doubleValue })),
  },
  fc.boolean().map((boolValue) => ({ boolValue })),
  fc.constantFrom("", "200").map((text) => ({ bytesValue: new TextEncoder().encode(text) })),
  fc.constantFrom<AnyValue>(
    {},
    { arrayValue: { values: [{ intValue: 200n }] } },
    { arrayValue: { values: [{ doubleValue: Number.NaN }] } },
    { kvlistValue: { values: [{ key: "k", value: { doubleValue: 200 } }] } },
  ),
);

const attributes: fc.Arbitrary<KeyValue[]> = fc.array(fc.record({ key: fc.constantFrom(...keys), value }), {
  maxLength: 3,
});

const few = { maxLength: 2, size: "small" } as const;
const text = fc.constantFrom(...texts);
const spanId = fc.constantFrom(...spanIds);

const event = fc.record(
  { timeUnixNano: time, name: text, attributes },
  { requiredKeys: ["timeUnixNano", "name"] },
);
const link = fc.record(
  {
    traceId: fc.constantFrom("", ...traceIds),
    spanId: fc.constantFrom("", ...spanIds),
    traceState: fc.constantFrom("a=b", ""),
    attributes,
  },
  { requiredKeys: ["traceId", "spanId"] },
);

const span: fc.Arbitrary<Span> = fc
  .record(
    {
      traceId: fc.constantFrom(...traceIds),
      spanId,
      name: fc.constantFrom(...names),
      startTimeUnixNano: time,
      duration: fc.constantFrom(...durations),
      parentSpanId: fc.constantFrom(...spanIds, noSpanId),
      kind: fc.constantFrom(0, 1, 2, 3, 4, 5, 7),
      status: fc.record(
        { code: fc.constantFrom(0, 1, 2, 9), message: fc.constantFrom("", "bad", invalidText) },
        { requiredKeys: [] },
      ),
      traceState: fc.constantFrom("a=b", ""),
      attributes,
      events: fc.array(event, few),
      links: fc.array(link, few),
    },
    { requiredKeys: ["traceId", "spanId", "name", "startTimeUnixNano", "duration"] },
  )
  .map(({ duration, ...fields }) => ({
    ...fields,
    endTimeUnixNano: clamped(fields.startTimeUnixNano + duration),
  }));

function clamped(nanos: bigint): bigint {
  return BigInt.asUintN(64, nanos) === nanos ? nanos : 0n;
}

const resource = fc
  .tuple(
    fc.option(
      fc.oneof(
        {
          weight: 6,
          arbitrary: fc.constantFrom(...services).map((stringValue): AnyValue => ({ stringValue })),
        },
        { weight: 1, arbitrary: value },
      ),
    ),
    attributes,
  )
  .map(([service, more]) => ({
    attributes: service === null ? more : [{ key: "service.name", value: service }, ...more],
  }));

const scopeSpans = fc.record(
  {
    spans: fc.array(span, { minLength: 1, maxLength: 4, size: "small" }),
    scope: fc.record({ name: text, version: text, attributes }, { requiredKeys: [] }),
    schemaUrl: fc.constantFrom("", "urn:a"),
  },
  { requiredKeys: ["spans"] },
);

const resourceSpans: fc.Arbitrary<ResourceSpans> = fc.record(
  {
    scopeSpans: fc.array(scopeSpans, { minLength: 1, maxLength: 2, size: "small" }),
    resource,
    schemaUrl: fc.constantFrom("", "urn:a"),
  },
  { requiredKeys: ["scopeSpans"] },
);

/** The traces of one write. */
export const request: fc.Arbitrary<TracesData> = fc.record({
  resourceSpans: fc.array(resourceSpans, { minLength: 1, maxLength: 3, size: "small" }),
});

/** Many spans by a formula, so that listings need several batches. A failing case prints only these numbers. */
export interface Bulk {
  readonly spans: number;
  readonly traces: number;
  readonly requests: number;
  readonly stepMillis: number;
  /** Steps in time from one span to the next, so that the order of time differs from the order of arrival. */
  readonly stride: number;
}

export const bulk: fc.Arbitrary<Bulk> = fc.record({
  spans: fc.integer({ min: 1, max: 160 }),
  traces: fc.constantFrom(1, 3, 8, 60, 160),
  requests: fc.constantFrom(1, 3, 80),
  stepMillis: fc.constantFrom(0, 1, 40, 1000, 60_000),
  stride: fc.constantFrom(1, 7, 31),
});

export function requestsOfBulk({ spans, traces, requests, stepMillis, stride }: Bulk): TracesData[] {
  const dealt: { readonly resource: Resource; readonly spans: Span[] }[] = Array.from(
    { length: Math.min(requests, spans) },
    (_, i) => ({
      resource: { attributes: [{ key: "service.name", value: { stringValue: services[i % 3] as string } }] },
      spans: [],
    }),
  );
  for (let i = 0; i < spans; i++) {
    const start = baseTime + BigInt(((i * stride) % spans) * stepMillis) * millis;
    const index = Math.floor(i / traces);
    dealt[i % dealt.length]?.spans.push({
      traceId: ((i % traces) + 1).toString(16).padStart(32, "0"),
      spanId: (index + 1).toString(16).padStart(16, "0"),
      ...(index === 0 ? {} : { parentSpanId: spanIds[0] }),
      name: names[i % 3] as string,
      startTimeUnixNano: start,
      endTimeUnixNano: start + BigInt(i % 5) * millis,
      attributes: [{ key: "k", value: { intValue: BigInt(i % 3) * 100n } }],
    });
  }
  return dealt.map(({ resource, spans: own }) => ({
    resourceSpans: [{ resource, scopeSpans: [{ spans: own }] }],
  }));
}
