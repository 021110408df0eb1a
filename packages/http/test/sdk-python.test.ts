// What OpenTelemetry's SDK for Python sends by OTLP/HTTP, which is protobuf, in every compression it has.
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { decodeTraces, type Span } from "@spanstore/core";
import { expect, it } from "vitest";
import { describeWithPeer } from "../../../scripts/test-support/peers.js";
import { serve } from "./harness.js";

/** Records a hundred spans, sends them, and prints their ids. */
const program = `
import sys
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import SpanKind, Status, StatusCode

exporter = OTLPSpanExporter(endpoint=sys.argv[1], compression=Compression(sys.argv[2]))
provider = TracerProvider(resource=Resource.create({"service.name": "shop", "replicas": 3, "zones": ["a", "b"]}))
provider.add_span_processor(BatchSpanProcessor(exporter))
tracer = provider.get_tracer("checkout", "1.2.3")
for n in range(100):
    with tracer.start_as_current_span(f"order {n}", kind=SpanKind.SERVER) as span:
        span.set_attributes({"n": n, "paid": n % 2 == 0, "ratio": 0.5, "note": "grün 😀"})
        span.add_event("packed", {"boxes": n})
        span.set_status(Status(StatusCode.ERROR, "late"))
        print(format(span.get_span_context().span_id, "016x"))
provider.shutdown()
`;

describeWithPeer("opentelemetry-python", "OpenTelemetry's SDK for Python by OTLP/HTTP", (located) => {
  it.each(["none", "gzip", "deflate"])(
    "stores every span as it was recorded, with compression %s",
    async (compression) => {
      await using served = await serve();
      const [python = ""] = "command" in located ? located.command : [];
      const url = `http://127.0.0.1:${served.port}/v1/traces`;
      const { stdout } = await promisify(execFile)(python, ["-c", program, url, compression]);
      const ids = stdout.trim().split("\n");
      expect(ids).toHaveLength(100);
      const found = new Map<string, Span>();
      for await (const { encoded } of served.store.findTraces({ service: "shop", limit: 1000 })) {
        for (const { resource, scopeSpans } of decodeTraces(encoded).resourceSpans) {
          expect(resource?.attributes).toContainEqual({ key: "replicas", value: { intValue: 3n } });
          for (const { scope, spans } of scopeSpans) {
            expect([scope?.name, scope?.version]).toEqual(["checkout", "1.2.3"]);
            for (const span of spans) found.set(span.spanId, span);
          }
        }
      }
      expect([...found.keys()].sort()).toEqual(ids.toSorted());
      expect(found.get(ids[7] as string)).toMatchObject({
        name: "order 7",
        kind: 2,
        status: { code: 2, message: "late" },
        attributes: [
          { key: "n", value: { intValue: 7n } },
          { key: "paid", value: { boolValue: false } },
          { key: "ratio", value: { doubleValue: 0.5 } },
          { key: "note", value: { stringValue: "grün 😀" } },
        ],
        events: [{ name: "packed", attributes: [{ key: "boxes", value: { intValue: 7n } }] }],
      });
    },
  );
});
