import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decodeTraces, openMemoryStore, type SpanStore, SpanStoreError } from "@spanstore/core";
import { encodeTraces } from "@spanstore/core/otlp";
import { expect, it, onTestFinished } from "vitest";
import { describeWithPeer } from "../../../scripts/test-support/peers.js";
import { freePorts, startProgram, until } from "../../../scripts/test-support/processes.js";
import { serve, span, tracesOf } from "./harness.js";

const spanCount = 5000;

describeWithPeer("otelcol-contrib", "An OpenTelemetry Collector's exporter otlphttp", (located) => {
  it.each([
    ["proto", "none"],
    ["proto", "gzip"],
    ["proto", "zstd"],
    ["proto", "deflate"],
    ["json", "none"],
    ["json", "gzip"],
  ])("has every span stored, in %s with compression %s", async (encoding, compression) => {
    if (!("command" in located)) throw new Error("it is a program");
    const inner = openMemoryStore();
    let refusals = 1;
    const store: SpanStore = {
      ...inner,
      write: async (...args) => {
        if (refusals-- > 0) throw new SpanStoreError("OVERLOADED", "full", { retryAfterMillis: 1 });
        return inner.write(...args);
      },
    };
    await using served = await serve({}, store);
    const [port] = await freePorts(1);
    const folder = mkdtempSync(join(tmpdir(), "spanstore-collector-"));
    const config = join(folder, "config.yaml");
    writeFileSync(
      config,
      JSON.stringify({
        receivers: { otlp: { protocols: { http: { endpoint: `127.0.0.1:${port}` } } } },
        exporters: {
          otlphttp: {
            endpoint: `http://127.0.0.1:${served.port}`,
            encoding,
            compression,
            retry_on_failure: { initial_interval: "50ms" },
          },
        },
        service: {
          pipelines: { traces: { receivers: ["otlp"], exporters: ["otlphttp"] } },
          telemetry: { metrics: { level: "none" } },
        },
      }),
    );
    const collector = startProgram(located.command as [string, ...string[]], ["--config", config]);
    onTestFinished(async () => {
      await collector.stop();
      rmSync(folder, { recursive: true });
    });
    const text = "grün 😀 ".repeat(10);
    const attributes = [{ key: "text", value: { stringValue: text } }];
    const spans = Array.from({ length: spanCount }, (_, n) => span(n + 1, { attributes }));
    const body = new Uint8Array(encodeTraces(tracesOf("shop", ...spans)));
    const headers = { "content-type": "application/x-protobuf" };
    const send = async (): Promise<true | undefined> => {
      const url = `http://127.0.0.1:${port}/v1/traces`;
      const answer = await fetch(url, { method: "POST", headers, body }).catch(() => undefined);
      await answer?.arrayBuffer();
      return answer?.ok ? true : undefined;
    };
    await until(send, { what: "the collector", output: collector.output });
    const found = new Set<string>();
    await until(
      async () => {
        found.clear();
        for await (const { encoded } of inner.findTraces({ service: "shop", limit: 10 })) {
          for (const { scopeSpans } of decodeTraces(encoded).resourceSpans) {
            for (const scope of scopeSpans) {
              for (const one of scope.spans) {
                expect(one.attributes).toEqual(attributes);
                found.add(one.spanId);
              }
            }
          }
        }
        return found.size === spanCount ? true : undefined;
      },
      { what: "every span", output: collector.output },
    );
    // It was refused once, and came again.
    expect(refusals).toBeLessThan(0);
  });
});
