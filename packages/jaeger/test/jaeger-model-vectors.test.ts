import { readFileSync } from "node:fs";
import { decodeTraces, type KeyValue, type Span, type TracesData } from "@spanstore/core";
import { expect, it } from "vitest";
import { jaegerSpansOf } from "../src/to-jaeger/spans-of-otlp.js";
import { otlpOfJaegerSpan } from "../src/to-otlp/otlp-of-span.js";
import { type Meaning, meaningOf } from "./jaeger-model-codec.js";

/**
 * Random spans in base64: inputs and outputs of Jaeger 1.76's own translator (v1adapter with the collector's translator 0.140.1 and
 * pdata 1.46.0).
 */
const fromOtlp = vectors("jaeger-model-from-otlp.json");
const toOtlp = vectors("jaeger-model-to-otlp.json");

it("converts OTLP spans like Jaeger's translator, byte for byte", () => {
  expect(fromOtlp.length).toBeGreaterThan(200);
  for (const [traces, ...spans] of fromOtlp) {
    const ours = [...jaegerSpansOf(bytesOf(traces))].map((span) => Buffer.from(span).toString("base64"));
    expect(ours).toEqual(spans);
  }
});

it("converts Jaeger spans to the same OTLP, except that a reference without a trace id belongs to its span's trace", () => {
  const same = toOtlp.filter(([span]) => !hasLooseReference(bytesOf(span)));
  expect(same.length).toBeGreaterThan(200);
  for (const [span, traces] of same) {
    const ours = decodeTraces(otlpOfJaegerSpan(bytesOf(span)));
    expect(comparable(ours), span).toEqual(comparable(decodeTraces(bytesOf(traces))));
  }
});

/** The collector turns such a reference into a link without a trace, and the span loses its parent. */
function hasLooseReference(span: Uint8Array): boolean {
  const { references } = meaningOf(span);
  return (references as Meaning[]).some(({ traceId }) => /^0*$/.test(String(traceId)));
}

function vectors(file: string): string[][] {
  return JSON.parse(readFileSync(new URL(`./data/${file}`, import.meta.url), "utf8"));
}

function bytesOf(base64 = ""): Uint8Array {
  return new Uint8Array(Buffer.from(base64, "base64"));
}

/**
 * Normalizes differences: Go's attributes have any order, and absent ids and messages may be empty. Go's zero time overflows its
 * nanoseconds to the year 2339, where ours is 0, OTLP's unset time.
 */
function comparable({ resourceSpans }: TracesData): unknown {
  return resourceSpans.map(({ resource, scopeSpans }) => ({
    resource: sorted(resource?.attributes),
    scopeSpans: scopeSpans.map(({ scope, spans }) => ({
      scope: `${scope?.name ?? ""} ${scope?.version ?? ""}`,
      spans: spans.map(comparableSpan),
    })),
  }));
}

const yearOne = BigInt.asUintN(64, -62_135_596_800_000_000_000n);

function comparableSpan(span: Span): unknown {
  const isUnset = span.startTimeUnixNano === yearOne;
  return {
    ...span,
    traceId: span.traceId || "0".repeat(32),
    spanId: span.spanId || "0".repeat(16),
    startTimeUnixNano: isUnset ? 0n : span.startTimeUnixNano,
    endTimeUnixNano: isUnset ? BigInt.asUintN(64, span.endTimeUnixNano - yearOne) : span.endTimeUnixNano,
    attributes: sorted(span.attributes),
    events: span.events?.map((event) => ({
      ...event,
      timeUnixNano: event.timeUnixNano === yearOne ? 0n : event.timeUnixNano,
      attributes: sorted(event.attributes),
    })),
    links: span.links?.map((link) => ({
      ...link,
      traceId: /^0+$/.test(link.traceId) ? "" : link.traceId,
      spanId: /^0+$/.test(link.spanId) ? "" : link.spanId,
    })),
    status: span.status ?? { code: 0, message: "" },
  };
}

function sorted(attributes: readonly KeyValue[] = []): KeyValue[] {
  return [...attributes].sort((a, b) => (a.key < b.key ? -1 : 1));
}
