import { decodeTraces, type Span, SpanKind, type TracesData } from "@spanstore/core";
import { encodeTraces } from "@spanstore/core/otlp";
import { describe, expect, it } from "vitest";
import { createTraceAdjuster } from "../src/adjust/adjust-trace.js";
import { goDuration } from "../src/adjust/go-duration.js";

const traceId = "5b8aa5a2d2c872e8321cf37308d69df2";
const milli = 1_000_000n;

function span(id: number, fields: Partial<Span> = {}): Span {
  return {
    traceId,
    spanId: id.toString(16).padStart(16, "0"),
    name: `op ${id}`,
    startTimeUnixNano: 1000n * milli,
    endTimeUnixNano: 1100n * milli,
    ...fields,
  };
}

function on(host: string, ...spans: readonly Span[]): TracesData {
  const attributes = [{ key: "host.name", value: { stringValue: host } }];
  return { resourceSpans: [{ resource: { attributes }, scopeSpans: [{ spans }] }] };
}

/** The chunks of a trace after adjustment, decoded. */
function adjusted(maxSkewMs: number, ...chunks: readonly TracesData[]): Span[] {
  const encoded = chunks.map(encodeTraces);
  const adjuster = createTraceAdjuster();
  for (const chunk of encoded) adjuster.show(chunk);
  const adjust = adjuster.finish(BigInt(maxSkewMs) * milli);
  return encoded.flatMap((chunk) =>
    decodeTraces(adjust(chunk)).resourceSpans.flatMap(({ scopeSpans }) =>
      scopeSpans.flatMap(({ spans }) => spans),
    ),
  );
}

const warningsOf = ({ attributes = [] }: Span): unknown => {
  const value = attributes.find(({ key }) => key === "@jaeger@warnings")?.value ?? {};
  return "arrayValue" in value ? value.arrayValue.values.map((one) => Object.values(one)[0]) : undefined;
};

describe("the adjustment of a trace", () => {
  it("returns the same bytes when nothing changes", () => {
    const encoded = encodeTraces(on("a", span(1), span(2, { parentSpanId: span(1).spanId })));
    const adjuster = createTraceAdjuster();
    adjuster.show(encoded);
    expect(adjuster.finish(0n)(encoded)).toBe(encoded);
  });

  it("gives a new id to a server's span that shares its id with a client's", () => {
    const [client, server, child] = adjusted(
      0,
      on("a", span(1, { kind: SpanKind.client })),
      on("a", span(1, { kind: SpanKind.server }), span(7, { parentSpanId: span(1).spanId })),
    ) as [Span, Span, Span];
    expect(client.spanId).toBe(span(1).spanId);
    expect([server.spanId, server.parentSpanId]).toEqual([span(2).spanId, client.spanId]);
    expect(child.parentSpanId).toBe(server.spanId);
  });

  it("moves a span of another host into the middle of its parent, and its events with it", () => {
    const parent = span(1);
    const child = span(2, {
      parentSpanId: parent.spanId,
      startTimeUnixNano: 500n * milli,
      endTimeUnixNano: 550n * milli,
      events: [{ name: "e", timeUnixNano: 510n * milli, attributes: [] }],
    });
    const [, moved] = adjusted(1000, on("a", parent), on("b", child)) as [Span, Span];
    expect(moved.startTimeUnixNano).toBe(1025n * milli);
    expect(moved.endTimeUnixNano).toBe(1075n * milli);
    expect(moved.events?.[0]?.timeUnixNano).toBe(1035n * milli);
    expect(warningsOf(moved)).toEqual(["This span's timestamps were adjusted by 525ms"]);
    const [, kept] = adjusted(0, on("a", parent), on("b", child)) as [Span, Span];
    expect(kept.startTimeUnixNano).toBe(500n * milli);
    expect(warningsOf(kept)).toEqual([
      "clock skew adjustment disabled; not applying calculated delta of 525ms",
    ]);
    const [, same] = adjusted(1000, on("a", parent), on("a", child)) as [Span, Span];
    expect(warningsOf(same)).toBeUndefined();
  });

  it("adjusts traces of any depth", () => {
    const depth = 50_000;
    const chain = Array.from({ length: depth }, (_, i) =>
      span(i + 1, { ...(i === 0 ? {} : { parentSpanId: span(i).spanId }) }),
    );
    expect(adjusted(1000, on("a", ...chain))).toHaveLength(depth);
  });

  it("does not change spans that it was not shown, or spans in a cycle", () => {
    const adjuster = createTraceAdjuster();
    const circle = encodeTraces(
      on("", span(1, { parentSpanId: span(2).spanId }), span(2, { parentSpanId: span(1).spanId })),
    );
    adjuster.show(circle);
    const adjust = adjuster.finish(1000n * milli);
    expect(adjust(circle)).toBe(circle);
    const late = encodeTraces(on("a", span(3)));
    expect(adjust(late)).toBe(late);
  });

  it("keeps the unknown fields of a span that it rewrites", () => {
    const link = { traceId: "0".repeat(32), spanId: span(9).spanId };
    const encoded = encodeTraces(on("a", span(1, { links: [link] })));
    const adjuster = createTraceAdjuster();
    adjuster.show(encoded);
    const [rewritten] =
      decodeTraces(adjuster.finish(0n)(encoded)).resourceSpans[0]?.scopeSpans[0]?.spans ?? [];
    expect(rewritten?.links).toEqual([]);
    expect(warningsOf(rewritten as Span)).toEqual(["Invalid span link removed"]);
    expect(rewritten?.name).toBe("op 1");
  });

  it.each([
    [0n, "0s"],
    [1n, "1ns"],
    [1500n, "1.5µs"],
    [35n * milli, "35ms"],
    [-64_999_250n, "-64.99925ms"],
    [90_500n * milli, "1m30.5s"],
    [3_600_000n * milli, "1h0m0s"],
  ])("prints %s nanoseconds as Go does", (nanos, text) => {
    expect(goDuration(nanos)).toBe(text);
  });
});
