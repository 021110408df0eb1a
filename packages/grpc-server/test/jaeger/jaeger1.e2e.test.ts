import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { SpanKind, StatusCode, type TracesData } from "@spanstore/core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { describeWithPeer } from "../../../../scripts/test-support/peers.js";
import {
  freePorts,
  type RunningProgram,
  startProgram,
  until,
  untilReady,
} from "../../../../scripts/test-support/processes.js";
import { type UiSpan, uiApi } from "./jaeger1/query-api.js";
import { sendJaegerGrpc, sendUdp } from "./jaeger1/senders.js";
import {
  micros,
  minutesAgo,
  ms,
  now,
  serviceOf,
  thriftId,
  thriftSpan,
  zipkinSpans,
} from "./jaeger2/inputs.js";
import { sendOtlpGrpc, sendOtlpHttp, sendThrift, sendZipkin } from "./jaeger2/senders.js";
import type { ThriftSpan } from "./jaeger2/thrift.js";

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const main = here("../../dist/main.js");

const otlpGrpcId = "a1".repeat(16);
const otlpHttpId = "b2".repeat(16);
const zipkinId = "c3".repeat(8);
const jaegerGrpcId = "e6".repeat(16);
const udpId = "f7f7f7f7f7f7f7f7f8f8f8f8f8f8f8f8";

const overOtlpGrpc: TracesData = {
  resourceSpans: [
    {
      resource: serviceOf("frontend"),
      scopeSpans: [
        {
          scope: { name: "web", version: "2" },
          spans: [
            {
              traceId: otlpGrpcId,
              spanId: "a1a1a1a1a1a1a1a1",
              name: "POST /checkout",
              kind: SpanKind.server,
              startTimeUnixNano: minutesAgo(6),
              endTimeUnixNano: minutesAgo(6) + 250n * ms,
              attributes: [
                { key: "cart.total", value: { doubleValue: 19.99 } },
                { key: "customer.new", value: { boolValue: true } },
                { key: "http.status_code", value: { intValue: 500n } },
              ],
              status: { code: StatusCode.error, message: "payment failed" },
            },
          ],
        },
      ],
    },
    {
      resource: serviceOf("payment"),
      scopeSpans: [
        {
          spans: [
            {
              traceId: otlpGrpcId,
              spanId: "a2a2a2a2a2a2a2a2",
              parentSpanId: "a1a1a1a1a1a1a1a1",
              name: "Charge",
              kind: SpanKind.server,
              startTimeUnixNano: minutesAgo(6) + 20n * ms,
              endTimeUnixNano: minutesAgo(6) + 220n * ms,
              events: [
                {
                  name: "exception",
                  timeUnixNano: minutesAgo(6) + 210n * ms,
                  attributes: [{ key: "exception.type", value: { stringValue: "CardDeclined" } }],
                },
              ],
            },
          ],
        },
      ],
    },
  ],
};

/** Three traces of one service, the oldest first. */
const stockIds = ["b4".repeat(16), "b3".repeat(16), otlpHttpId];
const overOtlpHttp: TracesData = {
  resourceSpans: [
    {
      resource: serviceOf("inventory"),
      scopeSpans: [
        {
          spans: stockIds.map((traceId, i) => ({
            traceId,
            spanId: "b1b1b1b1b1b1b1b1",
            name: "SELECT stock",
            kind: SpanKind.client,
            startTimeUnixNano: minutesAgo(9 - 2 * i),
            endTimeUnixNano: minutesAgo(9 - 2 * i) + BigInt(600 * (i + 1)) * ms,
            attributes: [{ key: "db.system", value: { stringValue: "postgresql" } }],
          })),
        },
      ],
    },
  ],
};

const overZipkin = zipkinSpans(zipkinId, minutesAgo(4));
const overThrift = thriftSpan(minutesAgo(3));

/** In the names of jaeger.api_v2. */
const string = (key: string, vStr: string) => ({ key, vType: 0, vStr });
const timestamp = (nanos: bigint) => ({
  seconds: String(nanos / (1000n * ms)),
  nanos: Number(nanos % (1000n * ms)),
});
const overJaegerGrpc = {
  traceId: Buffer.from(jaegerGrpcId, "hex"),
  spanId: Buffer.from("e1e1e1e1e1e1e1e1", "hex"),
  operationName: "reorder",
  references: [
    {
      traceId: Buffer.from(otlpHttpId, "hex"),
      spanId: Buffer.from("b1b1b1b1b1b1b1b1", "hex"),
      refType: 1,
    },
  ],
  flags: 1,
  startTime: timestamp(minutesAgo(2)),
  duration: { nanos: 5_000_000 },
  tags: [
    string("span.kind", "producer"),
    { key: "blob", vType: 4, vBinary: Buffer.from([0, 255, 1]) },
    { key: "retries", vType: 2, vInt64: "3" },
  ],
  logs: [
    {
      timestamp: timestamp(minutesAgo(2) + 2n * ms),
      fields: [string("event", "queued"), string("queue", "orders")],
    },
  ],
};

const overUdp: ThriftSpan = {
  traceIdHigh: 0xf7f7f7f7f7f7f7f7n,
  traceIdLow: 0xf8f8f8f8f8f8f8f8n,
  spanId: 0xf1f1f1f1f1f1f1f1n,
  parentSpanId: 0n,
  operationName: "nightly",
  startTime: minutesAgo(1) / 1000n,
  duration: 1_500n,
  tags: { "job.name": "cleanup", "job.rows": 12_345n },
};

interface Version {
  readonly peer: string;
  readonly name: string;
  /** SPAN_STORAGE_TYPE. */
  readonly storageType: string;
  readonly hasAgent: boolean;
  /** Where it has its archive: by storage.v1's archive services, or as a store of its own. */
  readonly archive: "services" | "listener";
  /** Whether it writes by streams. */
  readonly streams: boolean;
}

const versions: readonly Version[] = [
  {
    peer: "jaeger-1.42-all-in-one",
    name: "Jaeger 1.42",
    storageType: "grpc-plugin",
    hasAgent: true,
    archive: "services",
    streams: false,
  },
  {
    peer: "jaeger-1.42-all-in-one",
    name: "Jaeger 1.42 that writes by streams",
    storageType: "grpc-plugin",
    hasAgent: true,
    archive: "services",
    streams: true,
  },
  {
    peer: "jaeger-1.76-all-in-one",
    name: "Jaeger 1.76",
    storageType: "grpc",
    hasAgent: false,
    archive: "listener",
    streams: false,
  },
];

for (const version of versions) {
  describeWithPeer(version.peer, `A real ${version.name} on SQLite`, (peer) => {
    let folder = "";
    const running: RunningProgram[] = [];
    let server: RunningProgram;
    let jaeger: RunningProgram;
    let adminUrl = "";
    let queryPort = 0;

    const services = [
      "billing",
      "frontend",
      "inventory",
      ...(version.hasAgent ? ["jobs"] : []),
      "legacy-users",
      "legacy-web",
      "orders",
      "payment",
    ];

    beforeAll(async () => {
      folder = mkdtempSync(join(tmpdir(), "spanstore-jaeger1-"));
      if (!("command" in peer)) throw new Error("Jaeger is started by the test: name a program, no address");
      const names = ["storage", "archive", "admin", "query", "queryGrpc", "health", "otlpGrpc"] as const;
      const more = ["otlpHttp", "grpc", "http", "zipkin", "compact", "binary", "zipkinUdp", "agent"] as const;
      const free = await freePorts(names.length + more.length);
      const ports = Object.fromEntries([...names, ...more].map((name, i) => [name, free[i]])) as Record<
        (typeof names)[number] | (typeof more)[number],
        number
      >;
      queryPort = ports.query;
      adminUrl = `http://127.0.0.1:${ports.admin}`;

      server = startProgram(
        [process.execPath, main],
        [
          "--backend=sqlite",
          `--sqlite.path=${join(folder, "spans.sqlite")}`,
          `--listen=127.0.0.1:${ports.storage}`,
          `--archive.listen=${version.archive === "listener" ? `127.0.0.1:${ports.archive}` : "none"}`,
          `--admin=127.0.0.1:${ports.admin}`,
          `--storage-v1.declare-streaming=${version.streams}`,
          "--allow-purge",
        ],
      );
      running.push(server);
      await untilReady(`${adminUrl}/readyz`, server);

      // The file of the README, with other ports.
      const config = join(folder, "jaeger.yaml");
      copyFileSync(here("../../../../examples/jaeger1/config.yaml"), config);
      const hostPorts: Record<string, number> = {
        "grpc-storage.server": ports.storage,
        "admin.http.host-port": ports.health,
        "query.http-server.host-port": ports.query,
        "query.grpc-server.host-port": ports.queryGrpc,
        "collector.otlp.grpc.host-port": ports.otlpGrpc,
        "collector.otlp.http.host-port": ports.otlpHttp,
        "collector.grpc-server.host-port": ports.grpc,
        "collector.http-server.host-port": ports.http,
        "collector.zipkin.host-port": ports.zipkin,
        ...(version.archive === "listener" ? { "grpc-storage-archive.server": ports.archive } : {}),
        ...(version.hasAgent
          ? {
              "processor.jaeger-compact.server-host-port": ports.compact,
              "processor.jaeger-binary.server-host-port": ports.binary,
              "processor.zipkin-compact.server-host-port": ports.zipkinUdp,
              "http-server.host-port": ports.agent,
            }
          : {}),
      };
      jaeger = startProgram(
        peer.command,
        [
          ...Object.entries(hostPorts).map(([flag, port]) => `--${flag}=127.0.0.1:${port}`),
          `--config-file=${config}`,
          ...(version.archive === "listener" ? ["--grpc-storage-archive.enabled=true"] : []),
        ],
        {
          SPAN_STORAGE_TYPE: version.storageType,
          // Neither generation shall trace itself.
          JAEGER_DISABLED: "true",
          OTEL_TRACES_SAMPLER: "always_off",
        },
      );
      running.push(jaeger);
      await untilReady(`http://127.0.0.1:${ports.health}/`, jaeger);

      await sendOtlpGrpc(ports.otlpGrpc, overOtlpGrpc);
      await sendOtlpHttp(ports.otlpHttp, overOtlpHttp);
      await sendZipkin(ports.zipkin, overZipkin);
      await sendThrift(ports.http, "billing", [overThrift]);
      await sendJaegerGrpc(
        ports.grpc,
        { serviceName: "orders", tags: [string("region", "eu-1"), string("hostname", "o-1")] },
        [overJaegerGrpc],
      );
      if (version.hasAgent) await sendUdp(ports.compact, "jobs", [overUdp]);
      // Jaeger 1 answers its senders before it writes, and writes span by span.
      const arrived = async () => {
        const found = await Promise.all([
          api().services(),
          api().traceIds({ ...lastHour, service: "inventory" }),
        ]);
        return found[0].length === services.length && found[1].length === stockIds.length ? true : undefined;
      };
      const output = () => jaeger.output() + server.output();
      await until(arrived, { what: "everything that was sent", output });
    });

    afterAll(async () => {
      for (const program of running.reverse()) await program.stop();
      if (folder !== "") rmSync(folder, { recursive: true, force: true });
    });

    const api = () => uiApi(queryPort);
    const between = (from: bigint, to: bigint) => ({ start: String(micros(from)), end: String(micros(to)) });
    const lastHour = { ...between(minutesAgo(60), now + 60_000n * ms), limit: "50" };
    const spansByName = async (id: string) =>
      new Map((await api().trace(id))?.map((span) => [span.operationName, span]));
    const tagOf = (span: UiSpan | undefined, key: string) => span?.tags.find((tag) => tag.key === key)?.value;

    it("lists the services of all ways in", async () => {
      expect(await api().services()).toEqual(services);
    });

    it("lists operations with their kinds", async () => {
      expect(await api().operations("frontend")).toEqual(["server POST /checkout"]);
      expect(await api().operations("orders", "producer")).toEqual(["producer reorder"]);
      expect(await api().operations("orders", "client")).toEqual([]);
      expect(await api().operationNames("billing")).toEqual(["invoice"]);
    });

    describe("finds by", () => {
      const tags = (values: Record<string, string>) => ({ tags: JSON.stringify(values) });
      it.each<[string, Record<string, string>, string[]]>([
        ["service", { service: "payment" }, [otlpGrpcId]],
        ["service and operation", { service: "legacy-web", operation: "get /legacy" }, [zipkinId]],
        ["an operation of another service", { service: "payment", operation: "invoice" }, []],
        ["an int", { service: "frontend", ...tags({ "http.status_code": "500" }) }, [otlpGrpcId]],
        ["an int of another value", { service: "frontend", ...tags({ "http.status_code": "50" }) }, []],
        ["a double", { service: "frontend", ...tags({ "cart.total": "19.99" }) }, [otlpGrpcId]],
        ["a log's field", { service: "orders", ...tags({ queue: "orders" }) }, [jaegerGrpcId]],
        ["a process's tag", { service: "orders", ...tags({ region: "eu-1" }) }, [jaegerGrpcId]],
        [
          "a process's host, by OTLP's name",
          { service: "orders", ...tags({ "host.name": "o-1" }) },
          [jaegerGrpcId],
        ],
        ["an error", { service: "frontend", ...tags({ error: "true" }) }, [otlpGrpcId]],
        ["no error", { service: "payment", ...tags({ error: "true" }) }, []],
        ["a Zipkin tag", { service: "legacy-web", ...tags({ "http.path": "/legacy" }) }, [zipkinId]],
        [
          "two Thrift tags",
          { service: "billing", ...tags({ "invoice.lines": "12", "invoice.paid": "true" }) },
          [thriftId],
        ],
        ["the shortest duration", { service: "inventory", minDuration: "1800ms" }, [otlpHttpId]],
        [
          "both durations",
          { service: "inventory", minDuration: "600ms", maxDuration: "1200ms" },
          ["b3".repeat(16), "b4".repeat(16)],
        ],
        ["time", { service: "inventory", ...between(minutesAgo(7), minutesAgo(6)) }, ["b3".repeat(16)]],
        // Newest first, and no more than asked for.
        ["service alone", { service: "inventory" }, stockIds.toReversed()],
        ["number", { service: "inventory", limit: "2" }, stockIds.toReversed().slice(0, 2)],
      ])("%s", async (_, search, expected) => {
        expect(await api().traceIds({ ...lastHour, ...search })).toEqual(expected);
      });
    });

    it("shows a trace that came over OTLP", async () => {
      const spans = await spansByName(otlpGrpcId);
      const root = spans.get("POST /checkout");
      expect(root).toMatchObject({
        service: "frontend",
        startTime: micros(minutesAgo(6)),
        duration: 250_000,
        references: [],
      });
      expect(tagOf(root, "http.status_code")).toBe(500);
      expect(tagOf(root, "error")).toBe(true);
      const charge = spans.get("Charge");
      expect(charge).toMatchObject({
        service: "payment",
        references: [{ refType: "CHILD_OF", traceID: otlpGrpcId, spanID: "a1a1a1a1a1a1a1a1" }],
      });
      expect(charge?.logs[0]?.timestamp).toBe(micros(minutesAgo(6) + 210n * ms));
      expect(charge?.logs[0]?.fields).toContainEqual({
        key: "exception.type",
        type: "string",
        value: "CardDeclined",
      });
    });

    it("shows a trace that came over Jaeger's own gRPC as it was", async () => {
      const span = (await spansByName(jaegerGrpcId)).get("reorder");
      expect(span).toMatchObject({
        service: "orders",
        spanID: "e1e1e1e1e1e1e1e1",
        startTime: micros(minutesAgo(2)),
        duration: 5_000,
        references: [{ refType: "FOLLOWS_FROM", traceID: otlpHttpId, spanID: "b1b1b1b1b1b1b1b1" }],
        logs: [
          {
            timestamp: micros(minutesAgo(2) + 2n * ms),
            fields: [
              { key: "event", type: "string", value: "queued" },
              { key: "queue", type: "string", value: "orders" },
            ],
          },
        ],
      });
      expect(span?.tags).toEqual(
        expect.arrayContaining([
          { key: "span.kind", type: "string", value: "producer" },
          { key: "blob", type: "binary", value: "AP8B" },
          { key: "retries", type: "int64", value: 3 },
        ]),
      );
    });

    it("shows Zipkin's and Thrift's spans", async () => {
      const zipkin = await spansByName(zipkinId);
      expect(zipkin.get("lookup")?.references).toMatchObject([
        { refType: "CHILD_OF", spanID: "c1c1c1c1c1c1c1c1" },
      ]);
      const thrift = (await spansByName(thriftId)).get("invoice");
      expect(thrift).toMatchObject({ service: "billing", duration: 45_000 });
      expect(tagOf(thrift, "invoice.sum")).toBe(7.5);
    });

    if (version.hasAgent) {
      it("shows what came over UDP through the agent", async () => {
        const span = (await spansByName(udpId)).get("nightly");
        expect(span).toMatchObject({ service: "jobs", duration: 1_500 });
        expect(tagOf(span, "job.rows")).toBe(12_345);
      });
    }

    it("knows no trace that was not sent", async () => {
      expect(await api().trace("99".repeat(16))).toBeUndefined();
    });

    it("counts the calls between services", async () => {
      const hour = 3_600_000;
      expect(await api().dependencies(Date.now() + hour, 2 * hour)).toEqual([
        "frontend -> payment: 1",
        "legacy-web -> legacy-users: 1",
      ]);
    });

    it("keeps an archived trace when everything else is deleted", async () => {
      const before = await api().trace(jaegerGrpcId);
      await api().archive(jaegerGrpcId);
      const deleted = await fetch(`${adminUrl}/delete-before?time=${now}`, { method: "POST" });
      expect(deleted.status).toBe(200);
      expect(await api().services()).toEqual([]);
      expect(await api().trace(otlpGrpcId)).toBeUndefined();
      expect(await api().trace(jaegerGrpcId)).toEqual(before);
    });

    it("wrote in the way that it was told", async () => {
      const metrics = await (await fetch(`${adminUrl}/metrics`)).text();
      const calls = /grpc_server_handled_total\{.*grpc_method="WriteSpan",grpc_code="OK"\} [1-9]/;
      if (version.streams) expect(metrics).not.toMatch(calls);
      else expect(metrics).toMatch(calls);
    });

    // Jaeger's streams stay open as long as it lives: they must not hold the server up.
    it("ends with 0 at SIGTERM", async () => {
      expect(await server.stop()).toBe(0);
      expect(server.output()).not.toContain("still in flight");
    });
  });
}
