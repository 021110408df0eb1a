import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { limitTraces, type SpanLimits } from "../../src/engine.js";
import { decodeTraces, type Span } from "../../src/index.js";
import { encodeTraces, type InstrumentationScope, type Resource } from "../../src/otlp.js";
import { tracesData } from "../../src/testing/arbitrary-otlp.js";

const none = 1_000_000_000;
const bytes = (text: string | undefined): number => Buffer.byteLength(text ?? "");

/** The limits on names and counts, read off the model. */
function isBeyond(
  span: Span,
  resource: Resource | undefined,
  scope: InstrumentationScope | undefined,
  limits: SpanLimits,
): boolean {
  const attributes = [resource, scope, span, ...(span.events ?? []), ...(span.links ?? [])].map(
    (holder) => holder?.attributes ?? [],
  );
  const service = resource?.attributes?.find(({ key }) => key === "service.name")?.value;
  const names = [
    span.name,
    span.traceState,
    scope?.name,
    scope?.version,
    ...(span.events ?? []).map(({ name }) => name),
    ...(span.links ?? []).map(({ traceState }) => traceState),
    ...attributes.flat().map(({ key }) => key),
    service !== undefined && "stringValue" in service ? service.stringValue : "",
  ];
  return (
    names.some((name) => bytes(name) > limits.nameBytes) ||
    attributes.some((list) => list.length > limits.attributes)
  );
}

describe("limitTraces", () => {
  it("removes only the spans beyond the limits, and does not change the others", () => {
    const limitsOf = fc.record({
      nameBytes: fc.integer({ min: 0, max: 20 }),
      attributes: fc.integer({ min: 0, max: 4 }),
      spanBytes: fc.constant(none),
      valueBytes: fc.constant(none),
    });
    fc.assert(
      fc.property(tracesData, limitsOf, (traces, limits) => {
        // Encoded and decoded, since invalid text changes in encoding.
        const given = decodeTraces(encodeTraces(traces));
        const all = given.resourceSpans.flatMap(({ resource, scopeSpans }) =>
          scopeSpans.flatMap(({ scope, spans }) =>
            spans.map((span) => ({ span, beyond: isBeyond(span, resource, scope, limits) })),
          ),
        );
        const encoded = encodeTraces(traces);
        const limited = limitTraces(encoded, limits);
        const kept = decodeTraces(limited.encoded).resourceSpans.flatMap(({ scopeSpans }) =>
          scopeSpans.flatMap(({ spans }) => spans),
        );
        expect(kept).toEqual(all.filter(({ beyond }) => !beyond).map(({ span }) => span));
        expect(limited.rejected).toHaveLength(all.filter(({ beyond }) => beyond).length);
        if (limited.rejected.length === 0) expect(limited.encoded).toBe(encoded);
      }),
      { numRuns: 500 },
    );
  });

  it.each<[what: string, limits: Partial<SpanLimits>, reason: string]>([
    ["a value", { valueBytes: 50 }, 'span.attributes["body"] has 102 bytes, and at most 50 are allowed'],
    ["a value of an event", { valueBytes: 30 }, 'span.events[0].attributes["why"] has 42 bytes'],
    ["a status", { valueBytes: 150 }, "span.status.message has 200 bytes"],
    ["a span", { spanBytes: 100 }, "span has"],
    ["a name", { nameBytes: 3 }, "span.name has 4 bytes"],
  ])("names the part at fault: %s", (_, given, reason) => {
    const limits = { spanBytes: none, nameBytes: none, valueBytes: none, attributes: none, ...given };
    const text = (length: number) => ({ stringValue: "x".repeat(length) });
    const span: Span = {
      traceId: "1".repeat(32),
      spanId: "1".repeat(16),
      name: "name",
      startTimeUnixNano: 1n,
      endTimeUnixNano: 2n,
      attributes: reason.includes("body") ? [{ key: "body", value: text(100) }] : [],
      events: [{ name: "e", timeUnixNano: 1n, attributes: [{ key: "why", value: text(40) }] }],
      status: { code: 2, message: "m".repeat(200) },
    };
    const request = encodeTraces({ resourceSpans: [{ scopeSpans: [{ spans: [span] }] }] });
    const { encoded, rejected } = limitTraces(request, limits);
    expect(encoded).toHaveLength(0);
    expect(rejected).toEqual([{ encoded: expect.any(Uint8Array), reason: expect.stringContaining(reason) }]);
  });

  it("leaves malformed spans to the store, and refuses bytes that are no OTLP", () => {
    const limits = { spanBytes: none, nameBytes: 1, valueBytes: 1, attributes: 1 };
    // A span whose name is a number.
    const malformed = Uint8Array.from([0x0a, 6, 0x12, 4, 0x12, 2, 0x28, 1]);
    expect(limitTraces(malformed, limits)).toEqual({ encoded: malformed, rejected: [] });
    expect(() => limitTraces(Uint8Array.from([0x0a, 200, 200, 200]), limits)).toThrow(
      expect.objectContaining({ code: "INVALID_TRACES" }),
    );
  });
});
