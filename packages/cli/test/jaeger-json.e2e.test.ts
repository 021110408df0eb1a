import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SpanStore, TracesData } from "@spanstore/core";
import { parseGroups, tracesFromJson } from "@spanstore/core/otlp";
import { startServer } from "@spanstore/grpc-server";
import { openSqliteStore } from "@spanstore/sqlite";
import { afterAll, beforeAll, expect, it } from "vitest";
import { describeWithPeer } from "../../../scripts/test-support/peers.js";
import {
  freePorts,
  type RunningProgram,
  startProgram,
  until,
  untilReady,
} from "../../../scripts/test-support/processes.js";
import { sendJaegerGrpc } from "../../grpc-server/test/jaeger/jaeger1/senders.js";
import { sendOtlpGrpc } from "../../grpc-server/test/jaeger/jaeger2/senders.js";
import { cli } from "./cli.js";

/** Whole microseconds, since the format has no more. */
const start = BigInt(Math.floor(Date.now() / 1000) - 600) * 1_000_000_000n + 123_456_000n;
const timestamp = (nanos: bigint) => ({
  seconds: String(nanos / 1_000_000_000n),
  nanos: Number(nanos % 1_000_000_000n),
});
const hexBytes = (text: string) => Buffer.from(text, "hex");

const jaegerTraceId = "a1b2c3d4e5f60718293a4b5c6d7e8f90";
const ofJaeger = [
  {
    traceId: hexBytes(jaegerTraceId),
    spanId: hexBytes("0000000000000001"),
    operationName: "checkout",
    flags: 1,
    startTime: timestamp(start),
    duration: { seconds: "1", nanos: 5_000 },
    tags: [
      { key: "span.kind", vType: 0, vStr: "server" },
      { key: "error", vType: 1, vBool: true },
      { key: "big", vType: 2, vInt64: "9223372036854775807" },
      { key: "small", vType: 2, vInt64: "-42" },
      { key: "ratio", vType: 3, vFloat64: 0.1 },
      { key: "blob", vType: 4, vBinary: Buffer.from([0, 1, 254, 255]) },
      { key: "text", vType: 0, vStr: '搜索 "quoted" \\ \n' },
      { key: "empty", vType: 0, vStr: "" },
    ],
    logs: [
      {
        timestamp: timestamp(start + 1_000_000n),
        fields: [
          { key: "event", vType: 0, vStr: "retry" },
          { key: "attempt", vType: 2, vInt64: "2" },
        ],
      },
    ],
  },
  {
    traceId: hexBytes(jaegerTraceId),
    spanId: hexBytes("0000000000000002"),
    operationName: "charge",
    references: [
      { traceId: hexBytes(jaegerTraceId), spanId: hexBytes("0000000000000001"), refType: 0 },
      { traceId: hexBytes("ff".repeat(16)), spanId: hexBytes("0000000000000009"), refType: 1 },
    ],
    startTime: timestamp(start + 2_000n),
    duration: { seconds: "0", nanos: 250_000_000 },
  },
];

const otlpTraceId = "0123456789abcdef0123456789abcdef";
const overOtlp: TracesData = tracesFromJson({
  resourceSpans: [
    {
      resource: {
        attributes: [
          { key: "service.name", value: { stringValue: "orders" } },
          { key: "list", value: { arrayValue: { values: [{ intValue: "1" }, { stringValue: "x" }] } } },
        ],
      },
      scopeSpans: [
        {
          scope: { name: "lib", version: "1.2" },
          spans: [
            {
              traceId: otlpTraceId,
              spanId: "00000000000000aa",
              traceState: "a=b",
              name: "POST /orders",
              kind: 3,
              startTimeUnixNano: String(start),
              endTimeUnixNano: String(start + 7_000_000n),
              attributes: [{ key: "n", value: { intValue: "9007199254740993" } }],
              events: [
                {
                  timeUnixNano: String(start + 1_000n),
                  name: "e",
                  attributes: [{ key: "k", value: { boolValue: false } }],
                },
              ],
              status: { code: 2, message: "no" },
            },
          ],
        },
      ],
    },
  ],
});

interface UiAnswer {
  readonly data: readonly {
    readonly traceID: string;
    readonly spans: readonly object[];
    readonly processes: object;
  }[];
}

describeWithPeer("jaeger-1.76-all-in-one", "The JSON of a real Jaeger 1.76", (peer) => {
  let folder = "";
  let store: SpanStore;
  let stopServer = async (): Promise<void> => undefined;
  let jaeger: RunningProgram;
  let downloaded = "";

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "spanstore-jaeger-json-"));
    if (!("command" in peer)) throw new Error("Jaeger is started by the test: name a program, no address");
    store = await openSqliteStore({ path: join(folder, "written.sqlite") });
    const server = await startServer({ store, listen: "127.0.0.1:0" });
    stopServer = () => server.close();
    const names = ["health", "query", "queryGrpc", "otlpGrpc", "otlpHttp", "grpc", "http"] as const;
    const free = await freePorts(names.length);
    const ports = Object.fromEntries(names.map((name, i) => [name, free[i]])) as Record<
      (typeof names)[number],
      number
    >;
    const flags: Record<string, string> = {
      "grpc-storage.server": server.address,
      "admin.http.host-port": `127.0.0.1:${ports.health}`,
      "query.http-server.host-port": `127.0.0.1:${ports.query}`,
      "query.grpc-server.host-port": `127.0.0.1:${ports.queryGrpc}`,
      "collector.otlp.grpc.host-port": `127.0.0.1:${ports.otlpGrpc}`,
      "collector.otlp.http.host-port": `127.0.0.1:${ports.otlpHttp}`,
      "collector.grpc-server.host-port": `127.0.0.1:${ports.grpc}`,
      "collector.http-server.host-port": `127.0.0.1:${ports.http}`,
      "collector.otlp.enabled": "true",
    };
    jaeger = startProgram(
      peer.command,
      Object.entries(flags).map(([flag, value]) => `--${flag}=${value}`),
      { SPAN_STORAGE_TYPE: "grpc", OTEL_TRACES_SAMPLER: "always_off" },
    );
    await untilReady(`http://127.0.0.1:${ports.health}/`, jaeger);
    const process = {
      serviceName: "shop",
      tags: [
        { key: "hostname", vType: 0, vStr: "shop-1" },
        { key: "jaeger.version", vType: 0, vStr: "Go-2.30" },
      ],
    };
    await sendJaegerGrpc(ports.grpc, process, ofJaeger);
    await sendOtlpGrpc(ports.otlpGrpc, overOtlp);
    const ask = async (): Promise<string | undefined> => {
      const texts = await Promise.all(
        [jaegerTraceId, otlpTraceId].map(async (id) => {
          const response = await fetch(`http://127.0.0.1:${ports.query}/api/traces/${id}?raw=true`);
          return response.ok ? ((await response.json()) as UiAnswer).data : [];
        }),
      );
      const data = texts.flat();
      return data.reduce((sum, { spans }) => sum + spans.length, 0) === 3
        ? JSON.stringify({ data })
        : undefined;
    };
    downloaded = await until(ask, { what: "everything that was sent", output: () => jaeger.output() });
    // As a whole answer of the search, too, with every digit that Jaeger writes.
    const range = `start=${start / 1000n - 1n}&end=${start / 1000n + 9_000_000n}&limit=20&raw=true`;
    const search = async (service: string) =>
      (await fetch(`http://127.0.0.1:${ports.query}/api/traces?service=${service}&${range}`)).text();
    writeFileSync(join(folder, "shop.json"), await search("shop"));
    writeFileSync(join(folder, "orders.json"), await search("orders"));
  });

  afterAll(async () => {
    await jaeger?.stop();
    await stopServer();
    await store?.close();
    if (folder !== "") rmSync(folder, { recursive: true, force: true });
  });

  /** Each span's bytes, with those of its resource and its scope. */
  async function spansOf(from: SpanStore): Promise<string[]> {
    const spans: string[] = [];
    for await (const { encoded } of from.getTraces([jaegerTraceId, otlpTraceId])) {
      for (const { bytes, resource, scope, spans: ranges } of parseGroups(encoded)) {
        for (let i = 0; i < ranges.length; i += 2) {
          const parts = [resource.encoded, scope.encoded, bytes.subarray(ranges[i], ranges[i + 1])];
          spans.push(parts.map((part) => Buffer.from(part ?? []).toString("hex")).join(" "));
        }
      }
    }
    return spans.sort();
  }

  it("is imported as what Jaeger itself wrote by gRPC, byte for byte", async () => {
    const path = join(folder, "imported.sqlite");
    const files = ["shop.json", "orders.json"].map((name) => join(folder, name));
    const { code, errors } = await cli(["import", ...files, `--sqlite.path=${path}`]);
    expect([code, errors]).toEqual([0, [expect.stringContaining("imported 3 spans")]]);
    const imported = await openSqliteStore({ path });
    try {
      expect(await spansOf(imported)).toEqual(await spansOf(store));
    } finally {
      await imported.close();
    }
  });

  it("is what export writes", async () => {
    const path = join(folder, "exported.json");
    await cli(["export", "--format=jaeger", `--sqlite.path=${join(folder, "written.sqlite")}`, path]);
    const byId = (answer: UiAnswer) => new Map(answer.data.map((trace) => [trace.traceID, trace]));
    const ours = byId(JSON.parse(readFileSync(path, "utf8")) as UiAnswer);
    const theirs = byId(JSON.parse(downloaded) as UiAnswer);
    expect(ours.size).toBe(2);
    for (const [id, trace] of theirs) expect(ours.get(id)).toEqual(trace);
  });
});
