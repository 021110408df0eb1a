import type { AnyValue, KeyValue, Span, TracesData } from "@spanstore/core";
import fc from "fast-check";
import type { Generation } from "./differences.js";

/** When the spans begin. */
export const baseTime = 1_780_000_000_000_000_000n;
const milli = 1_000_000n;

export const services = ["shop", "cart & co", "größe/№1", "a+b c%20d"] as const;
export const operations = ["GET /", "", "größe", "a b+c"] as const;
export const traceIds = [
  "00000000000000000000000000000001",
  "0000000000000000ab00000000000002",
  "00000000000000010000000000000001",
  "ffffffffffffffffffffffffffffffff",
  "5b8aa5a2d2c872e8321cf37308d69df2",
  "5b8aa5a2d2c872e8321cf37308d69df3",
] as const;
const spanIds = ["01", "02", "03", "aa", "ff00000000000000"].map((id) => id.padStart(16, "0"));
export const keys = ["k", "l", "http.status_code", "error", "ip", "peer.ipv4", "telemetry.sdk.name"] as const;
export const texts = ["", "a", "200", "true", "<b>&", "größe №", 'quote " and \\'] as const;

/** JSON has no NaN and no infinity, and Jaeger answers 500 for a trace that has one. */
const value: fc.Arbitrary<AnyValue> = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom(...texts).map((stringValue) => ({ stringValue })) },
  {
    weight: 3,
    arbitrary: fc
      .constantFrom(200n, 0n, -1n, 16_909_060n, 9_007_199_254_740_993n, -(1n << 63n))
      .map((intValue) => ({ intValue })),
  },
  fc.constantFrom(0.5, 200, 1e21, 16_909_060).map((doubleValue) => ({ doubleValue })),
  fc.boolean().map((boolValue) => ({ boolValue })),
  fc.constantFrom("", "raw").map((text) => ({ bytesValue: new TextEncoder().encode(text) })),
  fc.constantFrom<AnyValue>(
    { arrayValue: { values: [{ stringValue: "x" }, { intValue: 2n }] } },
    { kvlistValue: { values: [{ key: "k", value: { boolValue: true } }] } },
  ),
);

/** A key stands there once: what Jaeger makes of others depends on the order of its maps. */
const attributesOf = (names: readonly string[]): fc.Arbitrary<KeyValue[]> =>
  fc.uniqueArray(
    fc
      .record({ key: fc.constantFrom(...names), value })
      // Jaeger 2 panics when it compares lists of these.
      .filter((one) => !one.key.startsWith("telemetry.") || !isComposed(one.value)),
    { maxLength: 4, selector: ({ key }) => key },
  );

function isComposed(value: AnyValue): boolean {
  return "arrayValue" in value || "kvlistValue" in value || "bytesValue" in value;
}
const attributes = attributesOf(keys);

const offset = fc.constantFrom(
  0n,
  1n,
  999n,
  1000n,
  1001n,
  milli,
  5n * milli,
  70n * milli,
  3_600_000n * milli,
);

/** What differs between the generations' adjustment of traces. */
interface Flavour {
  /** Jaeger 1 does not look at conflicts, and 1.42 not at these at all. */
  readonly spanAttributes: fc.Arbitrary<KeyValue[]>;
  readonly resourceAttributes: fc.Arbitrary<KeyValue[]>;
  /** Jaeger 1 tells hosts apart by the tag `ip`, Jaeger 2 by `host.name`. */
  readonly hostKeys: readonly string[];
}

const ofJaeger1: Flavour = {
  spanAttributes: attributesOf(keys.filter((key) => !key.startsWith("telemetry."))),
  resourceAttributes: attributesOf(["k", "l", "error"]),
  hostKeys: ["host.name", "ip"],
};
const ofJaeger2: Flavour = {
  spanAttributes: attributes,
  resourceAttributes: attributes,
  hostKeys: ["host.name"],
};

const spanOf = ({ spanAttributes }: Flavour) =>
  fc
    .record(
      {
        spanId: fc.constantFrom(...spanIds),
        name: fc.constantFrom(...operations),
        start: offset,
        duration: fc.constantFrom(0n, 1n, 1500n, milli, 20n * milli, 90_000n * milli),
        parentSpanId: fc.constantFrom("", "", ...spanIds),
        kind: fc.constantFrom(0, 1, 2, 3, 4, 5),
        status: fc.record(
          { code: fc.constantFrom(0, 1, 2), message: fc.constantFrom("", "bad") },
          { requiredKeys: [] },
        ),
        traceState: fc.constantFrom("", "a=b"),
        attributes: spanAttributes,
        events: fc.array(
          fc.record({
            timeUnixNano: offset.map((at) => baseTime + at),
            name: fc.constantFrom(...texts),
            attributes,
          }),
          { maxLength: 2 },
        ),
        links: fc.array(
          fc.record({
            traceId: fc.constantFrom("0".repeat(32), ...traceIds),
            spanId: fc.constantFrom(...spanIds),
          }),
          { maxLength: 2 },
        ),
      },
      { requiredKeys: ["spanId", "name", "start", "duration", "attributes"] },
    )
    .map(({ start, duration, ...rest }) => ({
      ...rest,
      startTimeUnixNano: baseTime + start,
      endTimeUnixNano: baseTime + start + duration,
    }));

const resourceOf = ({ resourceAttributes, hostKeys }: Flavour) =>
  fc
    .record({
      service: fc.constantFrom(...services),
      host: fc.constantFrom(undefined, "h1", "h2"),
      more: resourceAttributes,
    })
    .map(({ service, host, more }) => ({
      attributes: [
        { key: "service.name", value: { stringValue: service } },
        ...(host === undefined ? [] : hostKeys.map((key) => ({ key, value: { stringValue: host } }))),
        ...more,
      ],
    }));

/** The spans of one trace; in most no two spans share an id. */
const traceOf = (flavour: Flavour) =>
  fc.record({
    isUnique: fc.constantFrom(true, true, false),
    groups: fc.array(
      fc.record({
        resource: resourceOf(flavour),
        scope: fc.constantFrom({}, { name: "lib", version: "1" }),
        spans: fc.array(spanOf(flavour), { minLength: 1, maxLength: 3 }),
      }),
      { minLength: 1, maxLength: 3 },
    ),
  });

/** As many requests as there are trace ids, one a trace. */
export function randomRequests(seed: number, generation: Generation): TracesData[] {
  const forJaeger1 = generation !== "2.20";
  const traces = fc.sample(traceOf(forJaeger1 ? ofJaeger1 : ofJaeger2), { seed, numRuns: traceIds.length });
  return traces.map(({ isUnique, groups }, i) => {
    // Which of the spans that share an id Jaeger 1.76 moves depends on the order of its maps.
    const used = new Set<string>();
    const own = (spans: readonly Omit<Span, "traceId">[]): Span[] =>
      spans
        .filter(
          ({ spanId }) => !(isUnique || generation === "1.76") || (!used.has(spanId) && used.add(spanId)),
        )
        .map((one) => ({ ...one, traceId: traceIds[i] as string }))
        // Jaeger 1 takes a link within the trace for the parent of a span that has none.
        .map((one) => (forJaeger1 ? { ...one, links: linksElsewhere(one) } : one));
    return {
      resourceSpans: groups
        .map((group) => ({
          resource: group.resource,
          scopeSpans: [{ scope: group.scope, spans: own(group.spans) }],
        }))
        .filter(({ scopeSpans }) => (scopeSpans[0]?.spans.length ?? 0) > 0),
    };
  });
}

function linksElsewhere({ links = [], traceId }: Span): NonNullable<Span["links"]> {
  return links.filter((link) => link.traceId !== traceId);
}
