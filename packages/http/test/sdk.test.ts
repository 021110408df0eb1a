// What OpenTelemetry's SDK for JavaScript sends by OTLP/HTTP, in both encodings of its exporters.
import { OTLPTraceExporter as JsonExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { OTLPTraceExporter as ProtobufExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { BatchSpanProcessor, TracerProvider } from "@opentelemetry/sdk-trace";
import { decodeTraces, openMemoryStore, type SpanStore, SpanStoreError } from "@spanstore/core";
import { describe, expect, it } from "vitest";
import { serve } from "./harness.js";

const exporters = { protobuf: ProtobufExporter, JSON: JsonExporter } as const;
const compressions = ["none", "gzip"] as const;

/** Records spans and hands them to the exporter, as a program does. */
async function send(encoding: keyof typeof exporters, url: string, compression: "none" | "gzip") {
  const exporter = new exporters[encoding]({
    url,
    compression: compression as NonNullable<
      ConstructorParameters<typeof JsonExporter>[0]
    >["compression"] & {},
  });
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ "service.name": "shop", replicas: 3, ratio: 0.5, zones: ["a", "b"] }),
    spanProcessors: [new BatchSpanProcessor({ exporter })],
  });
  const tracer = provider.getTracer("checkout", "1.2.3");
  const ids: string[] = [];
  for (let n = 0; n < 100; n++) {
    const span = tracer.startSpan(`order ${n}`, {
      kind: 2,
      attributes: { n, paid: n % 2 === 0, note: "grün 😀" },
    });
    span.addEvent("packed", { boxes: n });
    span.setStatus({ code: 2, message: "late" });
    ids.push(span.spanContext().spanId);
    span.end();
  }
  await provider.shutdown();
  return ids;
}

describe.each(["protobuf", "JSON"] as const)("OpenTelemetry's SDK by OTLP/HTTP in %s", (encoding) => {
  it.each(compressions)("stores every span as it was recorded, with compression %s", async (compression) => {
    await using served = await serve();
    const ids = await send(encoding, `http://127.0.0.1:${served.port}/v1/traces`, compression);
    const found = new Map<string, string>();
    for await (const { encoded } of served.store.findTraces({ service: "shop", limit: 1000 })) {
      const [{ resource, scopeSpans } = { scopeSpans: [] }] = decodeTraces(encoded).resourceSpans;
      expect(resource?.attributes).toContainEqual({ key: "replicas", value: { intValue: 3n } });
      for (const { scope, spans } of scopeSpans) {
        expect([scope?.name, scope?.version]).toEqual(["checkout", "1.2.3"]);
        for (const { spanId, name, attributes = [], events = [], status } of spans) {
          found.set(spanId, name);
          expect(attributes).toContainEqual({ key: "note", value: { stringValue: "grün 😀" } });
          expect(events.map((event) => event.name)).toEqual(["packed"]);
          expect(status).toMatchObject({ code: 2, message: "late" });
        }
      }
    }
    expect([...found.keys()].sort()).toEqual(ids.toSorted());
    expect(found.get(ids[7] as string)).toBe("order 7");
  });

  it("is sent again when there was no room, without loss", async () => {
    const inner = openMemoryStore();
    let refusals = 2;
    const store: SpanStore = {
      ...inner,
      write: async (...args) => {
        if (refusals-- > 0) throw new SpanStoreError("OVERLOADED", "full", { retryAfterMillis: 10 });
        return inner.write(...args);
      },
    };
    await using served = await serve({}, store);
    await send(encoding, `http://127.0.0.1:${served.port}/v1/traces`, "none");
    expect(refusals).toBeLessThan(0);
    expect((await inner.findTraceIds({ limit: 1000 })).traces).toHaveLength(100);
  });
});
