import { execFile } from "node:child_process";
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { LocatedPeer } from "../../../../scripts/peers/locate.mjs";
import { describeWithPeers } from "../../../../scripts/test-support/peers.js";
import {
  freePorts,
  type RunningProgram,
  startProgram,
  until,
  untilReady,
} from "../../../../scripts/test-support/processes.js";
import { freshPrefix, type Searchd, startSearchd } from "../../../manticore/test/searchd.js";
import { type ServerOnManticore, serverOnManticore } from "../manticore/server.js";
import { askHttp, askMysql } from "../manticore/sql.js";
import { uiApi } from "./jaeger1/query-api.js";
import { queryApi } from "./jaeger2/query-api.js";

/** A Jaeger in front of the server: where spans go in, and what its query API answers. */
interface Deployment {
  readonly otlpHttpPort: number;
  services(): Promise<readonly string[]>;
  /** Ids of the traces of the last hour with a span of this service and this tag. */
  search(service: string, key: string, value: string): Promise<readonly string[]>;
  /** The spans of a trace: services and names. */
  trace(id: string): Promise<readonly string[] | undefined>;
}

/** Where a Jaeger is to run. */
interface Place {
  readonly located: (peer: string) => LocatedPeer;
  /** The server's address. */
  readonly storage: string;
  /** For its files. */
  readonly folder: string;
  /** Takes what was started. */
  readonly running: RunningProgram[];
}

interface Generation {
  readonly name: string;
  readonly peers: readonly [string, ...string[]];
  deploy(place: Place): Promise<Deployment>;
}

const generations: readonly Generation[] = [
  {
    name: "collector and query of Jaeger 1.76",
    peers: ["jaeger-1.76-collector", "jaeger-1.76-query"],
    deploy: deployJaeger1,
  },
  { name: "Jaeger 2", peers: ["jaeger"], deploy: deployJaeger2 },
];

/** Neither generation shall trace itself. */
const untraced = { JAEGER_DISABLED: "true", OTEL_TRACES_SAMPLER: "always_off" };

async function deployJaeger1({ located, storage, running }: Place): Promise<Deployment> {
  const [otlpGrpc, otlpHttp, grpc, http, collectorHealth, query, queryGrpc, queryHealth] = (await freePorts(
    8,
  )) as [number, number, number, number, number, number, number, number];
  const start = async (peer: string, health: number, ports: Readonly<Record<string, number>>) => {
    const program = startProgram(
      commandOf(located(peer)),
      [
        `--grpc-storage.server=${storage}`,
        `--admin.http.host-port=127.0.0.1:${health}`,
        ...Object.entries(ports).map(([flag, port]) => `--${flag}.host-port=127.0.0.1:${port}`),
      ],
      { ...untraced, SPAN_STORAGE_TYPE: "grpc" },
    );
    running.push(program);
    await untilReady(`http://127.0.0.1:${health}/`, program);
  };
  await start("jaeger-1.76-collector", collectorHealth, {
    "collector.otlp.grpc": otlpGrpc,
    "collector.otlp.http": otlpHttp,
    "collector.grpc-server": grpc,
    "collector.http-server": http,
  });
  await start("jaeger-1.76-query", queryHealth, {
    "query.http-server": query,
    "query.grpc-server": queryGrpc,
  });
  const api = uiApi(query);
  return {
    otlpHttpPort: otlpHttp,
    services: api.services,
    search: (service, key, value) => {
      const tags = JSON.stringify({ [key]: value });
      const inMinutes = (minutes: number) => String((Date.now() + minutes * 60_000) * 1000);
      return api.traceIds({ service, tags, start: inMinutes(-60), end: inMinutes(1), limit: "20" });
    },
    trace: async (id) =>
      (await api.trace(id))?.map(({ service, operationName }) => `${service}: ${operationName}`),
  };
}

async function deployJaeger2({ located, storage, folder, running }: Place): Promise<Deployment> {
  const names = [
    "extensions.jaeger_query.http",
    "extensions.jaeger_query.grpc",
    "extensions.healthcheckv2.http",
    "receivers.otlp.protocols.grpc",
    "receivers.otlp.protocols.http",
    "receivers.jaeger.protocols.grpc",
    "receivers.jaeger.protocols.thrift_http",
    "receivers.zipkin",
  ];
  const ports = await freePorts(names.length);
  const portOf = (name: string) => ports[names.indexOf(name)] as number;
  const config = join(folder, "jaeger.yaml");
  copyFileSync(new URL("../../../../examples/jaeger/config.yaml", import.meta.url), config);
  const program = startProgram(
    commandOf(located("jaeger")),
    [`--config=${config}`, ...names.map((name) => `--set=${name}.endpoint=127.0.0.1:${portOf(name)}`)],
    { ...untraced, SPANSTORE_ENDPOINT: storage },
  );
  running.push(program);
  await untilReady(`http://127.0.0.1:${portOf("extensions.healthcheckv2.http")}/status`, program);
  const api = queryApi(portOf("extensions.jaeger_query.http"));
  return {
    otlpHttpPort: portOf("receivers.otlp.protocols.http"),
    services: api.services,
    search: (service, key, value) => {
      const inMinutes = (minutes: number) => new Date(Date.now() + minutes * 60_000).toISOString();
      return api.traceIds({
        service_name: service,
        attributes: JSON.stringify({ [key]: value }),
        start_time_min: inMinutes(-60),
        start_time_max: inMinutes(1),
      });
    },
    trace: async (id) => (await api.trace(id))?.map(({ service, span }) => `${service}: ${span.name}`),
  };
}

function commandOf(located: LocatedPeer): readonly [string, ...string[]] {
  if (!("command" in located)) throw new Error("Jaeger is started by the test: name a program, no address");
  return located.command;
}

/** The command of docs/manticore-sql.md that sends a span, as it stands there but for the port. */
function sendingCommand(otlpHttpPort: number): string {
  const page = readFileSync(new URL("../../../../docs/manticore-sql.md", import.meta.url), "utf8");
  const [, command] = /```\n(now=\$\(date \+%s\)\ncurl [^`]*)```/.exec(page) ?? [];
  if (command === undefined) throw new Error("docs/manticore-sql.md does not send a span");
  expect(command).toContain("http://localhost:4318/v1/traces");
  return command.replace("http://localhost:4318", `http://127.0.0.1:${otlpHttpPort}`);
}

const traceId = "5b8aa5a2d2c872e8321cf37308d69df2";
const spanId = "051581bf3cb55c13";

for (const { name, peers, deploy } of generations) {
  describeWithPeers(["manticore", ...peers], `${name} on Manticore Search`, (located) => {
    const prefix = freshPrefix();
    const running: RunningProgram[] = [];
    let folder = "";
    let searchd: Searchd;
    let server: ServerOnManticore;
    let deployment: Deployment;

    beforeAll(async () => {
      folder = mkdtempSync(join(tmpdir(), "spanstore-deployment-"));
      searchd = await startSearchd(located("manticore"));
      server = await serverOnManticore(searchd.url, [`--manticore.prefix=${prefix}`]);
      await server.start();
      deployment = await deploy({ located, storage: server.address, folder, running });
      await promisify(execFile)("bash", ["-euc", sendingCommand(deployment.otlpHttpPort)]);
      // A collector of Jaeger 1 answers before it writes.
      await until(async () => deployment.trace(traceId), {
        what: "the span that was sent",
        output: () => [server.program(), ...running].map(({ output }) => output()).join("\n"),
      });
    });
    afterAll(async () => {
      for (const program of running) await program.stop();
      await server?.stop();
      await searchd?.close();
      if (folder !== "") rmSync(folder, { recursive: true, force: true });
    });

    const writtenSpans = async () => {
      const metrics = await (await fetch(`${server.adminUrl}/metrics`)).text();
      return Number(/^spanstore_spans_written_total (\d+)$/m.exec(metrics)?.[1]);
    };

    it("answers by the query API", async () => {
      expect(await deployment.services()).toEqual(["test-service"]);
      expect(await deployment.search("test-service", "http.request.method", "GET")).toEqual([traceId]);
      expect(await deployment.search("test-service", "http.request.method", "PUT")).toEqual([]);
      expect(await deployment.trace(traceId)).toEqual(["test-service: test-operation"]);
      expect(await deployment.trace("0".repeat(31).concat("1"))).toBeUndefined();
    });

    it("answers by SQL, over MySQL and over HTTP", async (context) => {
      const ask = async (sql: string) => {
        const own = sql.replaceAll("jaeger_spans", `${prefix}spans`);
        const rows = await askMysql(searchd.url, own);
        if (searchd.httpUrl !== undefined) expect(await askHttp(searchd.httpUrl, own)).toEqual(rows);
        return rows;
      };
      expect(await ask("SELECT COUNT(*) FROM jaeger_spans")).toEqual([{ "count(*)": "1" }]);
      const newest =
        "SELECT trace_id, span_id, operation_name, service_name FROM jaeger_spans ORDER BY start_time DESC LIMIT 10";
      expect(await ask(newest)).toEqual([
        {
          trace_id: traceId,
          span_id: spanId,
          operation_name: "test-operation",
          service_name: "test-service",
        },
      ]);
      const [row] = await ask("SELECT * FROM jaeger_spans");
      expect(row).toMatchObject({
        parent_span_id: "",
        kind: "server",
        status: "error",
        duration: "120000",
        duration_nanos: "0",
        refs: "[]",
      });
      expect(Number(row?.start_time) / 1e6).toBeGreaterThan(Date.now() / 1000 - 300);
      expect(JSON.parse(row?.tags ?? "")).toMatchObject({ "http.request.method": "GET" });
      expect(JSON.parse(row?.process ?? "")).toMatchObject({ "service.name": "test-service" });
      expect(JSON.parse(row?.logs ?? "")).toMatchObject([
        { event: "cache miss", key: "user-42", timestamp: Number(row?.start_time) + 50_000 },
      ]);
      const words = await ask(
        "SELECT trace_id, HIGHLIGHT({}, 'logs') AS found FROM jaeger_spans WHERE MATCH('@logs miss')",
      );
      expect(words).toEqual([{ trace_id: traceId, found: expect.stringContaining("cache <b>miss</b>") }]);
      if (searchd.httpUrl === undefined) context.skip("asked over MySQL alone: no HTTP listener is known");
    });

    it("is the same span when it is sent again", async () => {
      const before = await askMysql(searchd.url, `SELECT * FROM ${prefix}spans`);
      const [start] = before.map((row) => Number(row.start_time) / 1e6);
      const again = sendingCommand(deployment.otlpHttpPort).replace("$(date +%s)", String(start));
      await promisify(execFile)("bash", ["-euc", again]);
      // Counted when it is stored, the first time and now.
      await until(async () => ((await writtenSpans()) === 2 ? true : undefined), {
        what: "the span's second coming",
        output: server.program().output,
      });
      expect(await deployment.trace(traceId)).toEqual(["test-service: test-operation"]);
      expect(await askMysql(searchd.url, `SELECT * FROM ${prefix}spans`)).toEqual(before);
    });
  });
}
