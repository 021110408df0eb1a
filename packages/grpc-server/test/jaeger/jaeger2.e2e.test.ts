import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Span, SpanKind, StatusCode, type TracesData } from "@spanstore/core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { describeWithPeer } from "../../../../scripts/test-support/peers.js";
import {
  freePorts,
  type RunningProgram,
  startProgram,
  untilReady,
} from "../../../../scripts/test-support/processes.js";
import { minutesAgo, ms, now, serviceOf, thriftId, thriftSpan, zipkinSpans } from "./jaeger2/inputs.js";
import { queryApi } from "./jaeger2/query-api.js";
import { sendOtlpGrpc, sendOtlpHttp, sendThrift, sendZipkin } from "./jaeger2/senders.js";

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

const otlpGrpcId = "a1".repeat(16);
const otlpHttpId = "b2".repeat(16);
const zipkinId = "00000000000000000000c3c3c3c3c3c3";

const root: Span = {
  traceId: otlpGrpcId,
  spanId: "a1a1a1a1a1a1a1a1",
  name: "POST /checkout",
  kind: SpanKind.server,
  startTimeUnixNano: minutesAgo(4),
  endTimeUnixNano: minutesAgo(4) + 250n * ms,
  traceState: "vendor=value",
  // By key: Jaeger's query service sorts the attributes that it shows.
  attributes: [
    { key: "cart.total", value: { doubleValue: 19.99 } },
    { key: "customer.new", value: { boolValue: true } },
    { key: "http.response.status_code", value: { intValue: 500n } },
    { key: "items", value: { arrayValue: { values: [{ stringValue: "book" }, { intValue: 2n }] } } },
    { key: "raw", value: { bytesValue: new Uint8Array([0, 255, 1]) } },
  ],
  status: { code: StatusCode.error, message: "payment failed" },
};
const charge: Span = {
  traceId: otlpGrpcId,
  spanId: "a2a2a2a2a2a2a2a2",
  parentSpanId: root.spanId,
  name: "Charge",
  kind: SpanKind.server,
  startTimeUnixNano: minutesAgo(4) + 20n * ms,
  endTimeUnixNano: minutesAgo(4) + 220n * ms + 7n,
  events: [
    {
      name: "exception",
      timeUnixNano: minutesAgo(4) + 210n * ms,
      attributes: [{ key: "exception.type", value: { stringValue: "CardDeclined" } }],
    },
  ],
  links: [
    {
      traceId: otlpHttpId,
      spanId: "b1b1b1b1b1b1b1b1",
      attributes: [{ key: "link.why", value: { stringValue: "retry" } }],
    },
  ],
};
const overGrpc: TracesData = {
  resourceSpans: [
    {
      resource: serviceOf("frontend"),
      scopeSpans: [{ scope: { name: "web", version: "2" }, spans: [root] }],
    },
    { resource: serviceOf("payment"), scopeSpans: [{ spans: [charge] }] },
  ],
};

const slow: Span = {
  traceId: otlpHttpId,
  spanId: "b1b1b1b1b1b1b1b1",
  name: "SELECT stock",
  kind: SpanKind.client,
  startTimeUnixNano: minutesAgo(3),
  endTimeUnixNano: minutesAgo(3) + 1800n * ms,
  attributes: [{ key: "db.system.name", value: { stringValue: "postgresql" } }],
};
const overHttp: TracesData = {
  resourceSpans: [{ resource: serviceOf("inventory"), scopeSpans: [{ spans: [slow] }] }],
};

const overZipkin = zipkinSpans("0000c3c3c3c3c3c3", minutesAgo(2));
const overThrift = thriftSpan(minutesAgo(1));

const [newest, ...older] = [thriftId, zipkinId, otlpHttpId, otlpGrpcId];
const everything = [newest, ...older];

describeWithPeer("jaeger", "A real Jaeger 2 on SQLite", (jaegerPeer) => {
  let folder = "";
  const running: RunningProgram[] = [];
  let server: RunningProgram;
  let jaegerPort = 0;
  let adminUrl = "";

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "spanstore-jaeger2-"));
    if (!("command" in jaegerPeer))
      throw new Error("Jaeger is started by the test: name a program, no address");
    const [storage, admin, query, queryGrpc, health, otlpGrpc, otlpHttp, jaegerGrpc, thrift, zipkin] =
      (await freePorts(10)) as [
        number,
        number,
        number,
        number,
        number,
        number,
        number,
        number,
        number,
        number,
      ];
    jaegerPort = query;
    adminUrl = `http://127.0.0.1:${admin}`;

    server = startProgram(
      [process.execPath, here("../../dist/main.js")],
      [
        "--backend=sqlite",
        `--sqlite.path=${join(folder, "spans.sqlite")}`,
        `--listen=127.0.0.1:${storage}`,
        `--admin=127.0.0.1:${admin}`,
        "--allow-purge",
      ],
    );
    running.push(server);
    await untilReady(`http://127.0.0.1:${admin}/readyz`, server);

    // The file of the README, with other ports.
    const config = join(folder, "jaeger.yaml");
    copyFileSync(here("../../../../examples/jaeger/config.yaml"), config);
    const ports = {
      "extensions.jaeger_query.http.endpoint": query,
      "extensions.jaeger_query.grpc.endpoint": queryGrpc,
      "extensions.healthcheckv2.http.endpoint": health,
      "receivers.otlp.protocols.grpc.endpoint": otlpGrpc,
      "receivers.otlp.protocols.http.endpoint": otlpHttp,
      "receivers.jaeger.protocols.grpc.endpoint": jaegerGrpc,
      "receivers.jaeger.protocols.thrift_http.endpoint": thrift,
      "receivers.zipkin.endpoint": zipkin,
    };
    const sets = Object.entries(ports).map(([key, port]) => `--set=${key}=127.0.0.1:${port}`);
    const jaeger = startProgram(jaegerPeer.command, [`--config=${config}`, ...sets], {
      SPANSTORE_ENDPOINT: `127.0.0.1:${storage}`,
      OTEL_TRACES_SAMPLER: "always_off",
    });
    running.push(jaeger);
    await untilReady(`http://127.0.0.1:${health}/status`, jaeger);

    await sendOtlpGrpc(otlpGrpc, overGrpc);
    await sendOtlpHttp(otlpHttp, overHttp);
    await sendZipkin(zipkin, overZipkin);
    await sendThrift(thrift, "billing", [overThrift]);
  });

  afterAll(async () => {
    for (const program of running.reverse()) await program.stop();
    if (folder !== "") rmSync(folder, { recursive: true, force: true });
  });

  // Everything is acknowledged when it is durable and visible, so nothing below waits.
  const api = () => queryApi(jaegerPort);
  const between = (from: bigint, to: bigint) => ({
    start_time_min: new Date(Number(from / ms)).toISOString(),
    start_time_max: new Date(Number(to / ms)).toISOString(),
  });
  const lastHour = between(minutesAgo(60), now + 60_000n * ms);
  const withTags = (tags: Record<string, string>) => ({ ...lastHour, attributes: JSON.stringify(tags) });

  it("lists the services of all four ways in", async () => {
    expect(await api().services()).toEqual([
      "billing",
      "frontend",
      "inventory",
      "legacy-users",
      "legacy-web",
      "payment",
    ]);
  });

  it("lists operations with their kinds", async () => {
    expect(await api().operations("frontend")).toEqual(["server POST /checkout"]);
    expect(await api().operations("inventory")).toEqual(["client SELECT stock"]);
    expect(await api().operations("billing")).toEqual(["consumer invoice"]);
    expect(await api().operations("nobody")).toEqual([]);
  });

  it("finds the newest first, and no more than asked for", async () => {
    expect(await api().traceIds(lastHour)).toEqual(everything);
    expect(await api().traceIds({ ...lastHour, search_depth: "2" })).toEqual(everything.slice(0, 2));
  });

  describe("finds by", () => {
    it.each<[string, object, string[]]>([
      ["service", { service_name: "payment" }, [otlpGrpcId]],
      ["service and operation", { service_name: "legacy-web", operation_name: "get /legacy" }, [zipkinId]],
      ["an operation of another service", { service_name: "payment", operation_name: "invoice" }, []],
      ["an int", withTags({ "http.response.status_code": "500" }), [otlpGrpcId]],
      ["an int of another value", withTags({ "http.response.status_code": "50" }), []],
      ["a double", withTags({ "cart.total": "19.99" }), [otlpGrpcId]],
      ["an event's attribute", withTags({ "exception.type": "CardDeclined" }), [otlpGrpcId]],
      ["a link's attribute", withTags({ "link.why": "retry" }), [otlpGrpcId]],
      ["a resource's attribute", withTags({ "service.version": "1.2.3" }), [otlpHttpId, otlpGrpcId]],
      ["the scope's name", withTags({ "scope.name": "web" }), [otlpGrpcId]],
      ["an error", withTags({ error: "true" }), [otlpGrpcId]],
      ["a Zipkin tag", withTags({ "http.path": "/legacy" }), [zipkinId]],
      ["two Thrift tags", withTags({ "invoice.lines": "12", "invoice.paid": "true" }), [thriftId]],
      ["tags of two spans of a trace", withTags({ "cart.total": "19.99", "link.why": "retry" }), []],
      ["the shortest duration", { duration_min: "1s" }, [otlpHttpId]],
      ["both durations", { duration_min: "40ms", duration_max: "300ms" }, [thriftId, otlpGrpcId]],
      ["time", between(minutesAgo(3), minutesAgo(2)), [zipkinId, otlpHttpId]],
    ])("%s", async (_, search, expected) => {
      expect(await api().traceIds({ ...lastHour, ...search })).toEqual(expected);
    });
  });

  it("gives a trace back as it was sent", async () => {
    const spans = await api().trace(otlpGrpcId);
    expect(spans?.map(({ service }) => service).sort()).toEqual(["frontend", "payment"]);
    expect(spans?.find(({ service }) => service === "frontend")?.span).toMatchObject(root);
    expect(spans?.find(({ service }) => service === "payment")?.span).toMatchObject(charge);
  });

  it("gives Zipkin's and Thrift's spans back", async () => {
    const zipkin = await api().trace(zipkinId);
    expect(zipkin?.map(({ service, span }) => `${service}: ${span.name}`).sort()).toEqual([
      "legacy-users: lookup",
      "legacy-web: get /legacy",
    ]);
    const [thrift] = (await api().trace(thriftId)) ?? [];
    expect(thrift?.service).toBe("billing");
    expect(thrift?.span).toMatchObject({ name: "invoice", kind: SpanKind.consumer });
    expect(thrift?.span.attributes).toContainEqual({ key: "invoice.lines", value: { intValue: 12n } });
  });

  it("knows no trace that was not sent", async () => {
    expect(await api().trace("e5".repeat(16))).toBeUndefined();
  });

  it("summarizes", async () => {
    const summaries = await api().summaries(lastHour);
    expect(summaries.map(({ traceId }) => traceId)).toEqual(everything);
    expect(summaries.at(-1)).toMatchObject({
      rootServiceName: "frontend",
      rootOperationName: "POST /checkout",
      spanCount: 2,
      errorSpanCount: 1,
      services: [
        { name: "frontend", spanCount: 1 },
        { name: "payment", spanCount: 1 },
      ],
    });
  });

  it("counts the calls between services", async () => {
    const hour = 3_600_000;
    expect(await api().dependencies(Date.now() + hour, 2 * hour)).toEqual([
      "frontend -> payment: 1",
      "legacy-web -> legacy-users: 1",
    ]);
  });

  it("keeps an archived trace when everything else is deleted", async () => {
    const before = await api().trace(otlpGrpcId);
    await api().archive(otlpGrpcId);
    const time = now + 60_000n * ms;
    const deleted = await fetch(`${adminUrl}/delete-before?time=${time}`, { method: "POST" });
    expect(deleted.status).toBe(200);
    expect(await api().services()).toEqual([]);
    expect(await api().trace(otlpHttpId)).toBeUndefined();
    expect(await api().trace(otlpGrpcId)).toEqual(before);
  });

  it("ends with 0 at SIGTERM", async () => {
    expect(await server.stop()).toBe(0);
  });
});
