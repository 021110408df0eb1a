import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { connectSpanStore } from "@spanstore/client";
import { SpanKind, type TracesData } from "@spanstore/core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Authority, createAuthority } from "../../../../scripts/test-support/certificates.js";
import { describeWithPeer } from "../../../../scripts/test-support/peers.js";
import {
  freePorts,
  type RunningProgram,
  startProgram,
  until,
  untilReady,
} from "../../../../scripts/test-support/processes.js";
import { queryApi } from "./jaeger2/query-api.js";
import { sendOtlpGrpc } from "./jaeger2/senders.js";

const main = fileURLToPath(new URL("../../dist/main.js", import.meta.url));
const tokens = { read: "reading-0123456789abcdef", write: "writing-0123456789abcdef" };
const now = BigInt(Date.now()) * 1_000_000n;
const id = "a1".repeat(16);
const traces = (traceId: string, name: string): TracesData => ({
  resourceSpans: [
    {
      resource: { attributes: [{ key: "service.name", value: { stringValue: "secured" } }] },
      scopeSpans: [
        {
          spans: [
            {
              traceId,
              spanId: "a1a1a1a1a1a1a1a1",
              name,
              kind: SpanKind.server,
              startTimeUnixNano: now,
              endTimeUnixNano: now + 1_000_000n,
            },
          ],
        },
      ],
    },
  ],
});

describeWithPeer("jaeger", "Jaeger 2 over mutual TLS with bearer tokens", (jaegerPeer) => {
  const running: RunningProgram[] = [];
  let folder = "";
  let authority: Authority;
  let ports: { storage: number; admin: number; otlp: number; query: number; health: number };

  beforeAll(async () => {
    if (!("command" in jaegerPeer))
      throw new Error("Jaeger is started by the test: name a program, no address");
    folder = mkdtempSync(join(tmpdir(), "spanstore-secured-"));
    authority = createAuthority();
    const served = authority.issue("server", "DNS:localhost", "IP:127.0.0.1");
    const jaegers = authority.issue("jaeger");
    writeFileSync(
      join(folder, "tokens"),
      `read ${tokens.read} name=query\nwrite ${tokens.write} name=collector\n`,
    );
    const [storage = 0, admin = 0, otlp = 0, query = 0, queryGrpc = 0, health = 0] = await freePorts(6);
    ports = { storage, admin, otlp, query, health };
    const server = startProgram(
      [process.execPath, main],
      [
        `--sqlite.path=${join(folder, "spans.sqlite")}`,
        `--listen=127.0.0.1:${storage}`,
        `--admin=127.0.0.1:${admin}`,
        `--tls.cert-file=${served.certFile}`,
        `--tls.key-file=${served.keyFile}`,
        `--tls.client-ca-file=${authority.caFile}`,
        "--tls.admin=false",
        `--auth.tokens-file=${join(folder, "tokens")}`,
      ],
    );
    running.push(server);
    await untilReady(`http://127.0.0.1:${admin}/readyz`, server);

    const backend = (name: string, token: string) => `
      ${name}:
        grpc:
          endpoint: "localhost:${storage}"
          tls:
            ca_file: ${authority.caFile}
            cert_file: ${jaegers.certFile}
            key_file: ${jaegers.keyFile}
          headers:
            authorization: "Bearer \${env:${token}}"`;
    const config = join(folder, "jaeger.yaml");
    writeFileSync(
      config,
      `service:
  extensions: [jaeger_storage, jaeger_query, healthcheckv2]
  pipelines:
    traces:
      receivers: [otlp]
      processors: []
      exporters: [jaeger_storage_exporter]
  telemetry:
    metrics:
      level: none
extensions:
  jaeger_storage:
    backends:${backend("reading", "READ_TOKEN")}${backend("writing", "WRITE_TOKEN")}
  jaeger_query:
    storage:
      traces: reading
    http:
      endpoint: 127.0.0.1:${query}
    grpc:
      endpoint: 127.0.0.1:${queryGrpc}
  healthcheckv2:
    use_v2: true
    http:
      endpoint: 127.0.0.1:${health}
receivers:
  otlp:
    protocols:
      grpc:
        endpoint: 127.0.0.1:${otlp}
exporters:
  jaeger_storage_exporter:
    trace_storage: writing
`,
    );
    const jaeger = startProgram(jaegerPeer.command, [`--config=${config}`], {
      READ_TOKEN: tokens.read,
      WRITE_TOKEN: tokens.write,
      OTEL_TRACES_SAMPLER: "always_off",
    });
    running.push(jaeger);
    await untilReady(`http://127.0.0.1:${health}/status`, jaeger);
  });
  afterAll(async () => {
    for (const program of running.reverse()) await program.stop();
    authority?.remove();
    if (folder !== "") rmSync(folder, { recursive: true, force: true });
  });

  it("writes with one token and finds with another", async () => {
    await sendOtlpGrpc(ports.otlp, traces(id, "GET /"));
    expect(await queryApi(ports.query).services()).toEqual(["secured"]);
    expect((await queryApi(ports.query).trace(id))?.map(({ span }) => span.name)).toEqual(["GET /"]);
  });

  it("goes on with tokens that were changed, and is refused with those that are gone", async () => {
    const renewed = `read ${tokens.read}\nwrite another-0123456789abcdef\n`;
    writeFileSync(join(folder, "tokens"), renewed);
    // The server looks every ten seconds.
    const failure = await until(
      async () =>
        sendOtlpGrpc(ports.otlp, traces("b2".repeat(16), "POST /")).then(
          () => undefined,
          (error: Error) => error,
        ),
      { what: "a refusal" },
    );
    expect(String(failure)).toMatch(/UNAUTHENTICATED|bearer token|Unauthenticated/);
    expect((await queryApi(ports.query).trace(id))?.length).toBe(1);
  });

  it("refuses callers without a certificate", async () => {
    await using store = connectSpanStore(`127.0.0.1:${ports.storage}`, {
      tls: { ca: authority.ca },
      token: tokens.read,
    });
    await expect(store.getServices()).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
  });
});
