import { openMemoryStore } from "@spanstore/core";
import fc from "fast-check";
import { expect, it } from "vitest";
import { jaegerSpansOf } from "../src/to-jaeger/spans-of-otlp.js";
import { otlpOfJaegerSpan } from "../src/to-otlp/otlp-of-span.js";
import { jaegerSpan } from "./jaeger-model-arbitrary.js";
import { encodeSpan, meaningOf } from "./jaeger-model-codec.js";

it("returns every Jaeger span unchanged", () => {
  fc.assert(
    fc.property(jaegerSpan, (span) => {
      const encoded = encodeSpan(span);
      const request = Buffer.concat([Uint8Array.of(1, 2, 3), encoded, Uint8Array.of(4)]);
      const back = [...jaegerSpansOf(otlpOfJaegerSpan(request, 3, 3 + encoded.length))].map(meaningOf);
      expect(back).toEqual([meaningOf(encoded)]);
    }),
    { numRuns: 3000 },
  );
});

it("returns Jaeger spans with ids unchanged through a store, several of a trace together", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(jaegerSpan, { minLength: 1, maxLength: 6 }), async (spans) => {
      const encoded = spans.map(encodeSpan);
      await using store = openMemoryStore();
      const { rejected } = await store.write(Buffer.concat(encoded.map((span) => otlpOfJaegerSpan(span))));
      const kept = encoded.filter((span) => !Object.values(idsOf(span)).some(isZero));
      expect(rejected).toHaveLength(encoded.length - kept.length);
      const traceIds = new Set(kept.map((span) => idsOf(span).traceId));
      const back: Uint8Array[] = [];
      for await (const chunk of store.getTraces([...traceIds])) back.push(...jaegerSpansOf(chunk.encoded));
      expect(distinct(back)).toEqual(distinct(kept));
    }),
    { numRuns: 200 },
  );
});

function idsOf(span: Uint8Array): { readonly traceId: string; readonly spanId: string } {
  const { traceId, spanId } = meaningOf(span);
  return { traceId: traceId as string, spanId: spanId as string };
}

function isZero(id: string): boolean {
  return /^0*$/.test(id);
}

/** A store keeps one of several copies. */
function distinct(spans: readonly Uint8Array[]): string[] {
  return [...new Set(spans.map((span) => JSON.stringify(meaningOf(span))))].sort();
}
