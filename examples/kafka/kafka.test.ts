import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { connectSpanStore } from "@spanstore/client";
import { decodeTraces, type SpanStore } from "@spanstore/core";
import { afterAll, expect, it, onTestFinished } from "vitest";
import { sendUdp } from "../../packages/grpc-server/test/jaeger/jaeger1/senders.js";
import { queryApi } from "../../packages/grpc-server/test/jaeger/jaeger2/query-api.js";
import type { LocatedPeer } from "../../scripts/peers/locate.mjs";
import { describeWithPeers } from "../../scripts/test-support/peers.js";
import {
  freePorts,
  type RunningProgram,
  startProgram,
  until,
  untilReady,
} from "../../scripts/test-support/processes.js";
import { sendTrace } from "../processes/send-trace.js";
import { type Broker, startBroker } from "./broker.js";

const main = fileURLToPath(new URL("../../packages/cli/dist/main.js", import.meta.url));
const untraced = { JAEGER_DISABLED: "true", OTEL_TRACES_SAMPLER: "always_off" };

/** One for all tests of this file, from its first use on. */
let shared: Promise<Broker> | undefined;
const brokerOf = (located: LocatedPeer): Promise<Broker> => {
  shared ??= startBroker(located);
  return shared;
};
afterAll(async () => {
  await (await shared)?.[Symbol.asyncDispose]();
});

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "spanstore-kafka-test-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

function started(program: RunningProgram): RunningProgram {
  onTestFinished(async () => void (await program.stop()));
  return program;
}

function commandOf(located: LocatedPeer): readonly [string, ...string[]] {
  if (!("command" in located)) throw new Error("it is started by the test: name a program, no address");
  return located.command;
}

/** The server on SQLite; started again, it has what it had. */
async function startStore(folder: string, port: number, admin: number): Promise<RunningProgram> {
  const flags = [
    `--sqlite.path=${join(folder, "spans.sqlite")}`,
    `--listen=127.0.0.1:${port}`,
    `--admin=127.0.0.1:${admin}`,
  ];
  const program = started(startProgram([process.execPath, main], flags));
  await untilReady(`http://127.0.0.1:${admin}/readyz`, program);
  return program;
}

/** Ends a program as a power cut would. */
async function kill(program: RunningProgram): Promise<void> {
  program.process.kill("SIGKILL");
  await until(async () => (program.process.signalCode === null ? undefined : true), { what: "its end" });
}

/** How many spans of a service are stored, copies included. */
async function spanIds(store: SpanStore, service: string): Promise<string[]> {
  const ids: string[] = [];
  for await (const { encoded } of store.findTraces({ service, limit: 1_000 })) {
    for (const { scopeSpans } of decodeTraces(encoded).resourceSpans) {
      ids.push(...scopeSpans.flatMap(({ spans }) => spans.map(({ traceId }) => traceId)));
    }
  }
  return ids.sort();
}

describeWithPeers(["kafka", "jaeger"], "Jaeger 2 through Kafka", (located) => {
  it("stores each span once, also when ingester and spanstore are killed meanwhile", async () => {
    const broker = await brokerOf(located("kafka"));
    const folder = temporaryFolder();
    const [storage, admin, otlpGrpc, otlpHttp, health, ingesterHealth, query, queryGrpc] = (await freePorts(
      8,
    )) as [number, number, number, number, number, number, number, number];
    const moved: Record<string, number> = {
      "4317": otlpGrpc,
      "4318": otlpHttp,
      "13133": health,
      "14133": ingesterHealth,
      "16686": query,
      "16685": queryGrpc,
    };
    const startJaeger = async (name: string, healthPort: number) => {
      const config = join(folder, name);
      const text = readFileSync(new URL(name, import.meta.url), "utf8");
      writeFileSync(
        config,
        text.replace(
          /(endpoint: )localhost:(\d+)/g,
          (_, key: string, port: string) => `${key}127.0.0.1:${moved[port]}`,
        ),
      );
      const env = { ...untraced, KAFKA_BROKERS: broker.address, SPANSTORE_ENDPOINT: `127.0.0.1:${storage}` };
      const program = started(startProgram(commandOf(located("jaeger")), [`--config=${config}`], env));
      await untilReady(`http://127.0.0.1:${healthPort}/status`, program);
      return program;
    };
    const first = await startStore(folder, storage, admin);
    const collector = await startJaeger("collector.yaml", health);
    const ingester = await startJaeger("ingester.yaml", ingesterHealth);
    await using store = connectSpanStore(`127.0.0.1:${storage}`);
    const sent: string[] = [];
    const send = async (count: number) => {
      for (let i = 0; i < count; i += 1) sent.push(await sendTrace(otlpHttp, "queued"));
    };
    const arrived = (output: () => string) =>
      until(async () => ((await spanIds(store, "queued")).length >= sent.length ? true : undefined), {
        what: `${sent.length} spans`,
        timeoutMs: 60_000,
        output,
      });

    await send(10);
    await arrived(() => collector.output() + ingester.output());

    // Both ends of the way from Kafka are gone; the collector takes spans all the same.
    await kill(first);
    await send(10);
    await kill(ingester);
    await send(10);
    await startStore(folder, storage, admin);
    const second = await startJaeger("ingester.yaml", ingesterHealth);
    await arrived(second.output);
    expect(await spanIds(store, "queued")).toEqual(sent.toSorted());
    expect(await queryApi(query).services()).toEqual(["queued"]);
  }, 400_000);
});

describeWithPeers(
  ["kafka", "jaeger-1.42-agent", "jaeger-1.42-collector", "jaeger-1.42-ingester"],
  "Jaeger 1.42 through Kafka",
  (located) => {
    it("stores what a program sends to its agent over UDP", async () => {
      const broker = await brokerOf(located("kafka"));
      const [
        storage,
        admin,
        grpc,
        http,
        health,
        compact,
        binary,
        zipkin,
        agentHttp,
        agentHealth,
        ingesterHealth,
      ] = (await freePorts(11)) as [
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
        number,
      ];
      const at = (port: number) => `127.0.0.1:${port}`;
      const store1 = await startStore(temporaryFolder(), storage, admin);
      const start = async (peer: string, healthPort: number, flags: readonly string[], storageType = "") => {
        const env = { ...untraced, ...(storageType === "" ? {} : { SPAN_STORAGE_TYPE: storageType }) };
        const program = started(
          startProgram(commandOf(located(peer)), [...flags, `--admin.http.host-port=${at(healthPort)}`], env),
        );
        await untilReady(`http://${at(healthPort)}/`, program);
        return program;
      };
      const collector = await start(
        "jaeger-1.42-collector",
        health,
        [
          `--kafka.producer.brokers=${broker.address}`,
          "--kafka.producer.topic=jaeger-1-spans",
          "--kafka.producer.required-acks=all",
          "--kafka.producer.protocol-version=2.8.0",
          `--collector.grpc-server.host-port=${at(grpc)}`,
          `--collector.http-server.host-port=${at(http)}`,
        ],
        "kafka",
      );
      const ingester = await start(
        "jaeger-1.42-ingester",
        ingesterHealth,
        [
          `--kafka.consumer.brokers=${broker.address}`,
          "--kafka.consumer.topic=jaeger-1-spans",
          "--kafka.consumer.protocol-version=2.8.0",
          `--grpc-storage.server=${at(storage)}`,
        ],
        "grpc-plugin",
      );
      const agent = await start("jaeger-1.42-agent", agentHealth, [
        `--reporter.grpc.host-port=${at(grpc)}`,
        `--processor.jaeger-compact.server-host-port=${at(compact)}`,
        `--processor.jaeger-binary.server-host-port=${at(binary)}`,
        `--processor.zipkin-compact.server-host-port=${at(zipkin)}`,
        `--http-server.host-port=${at(agentHttp)}`,
      ]);
      const output = () => [store1, collector, ingester, agent].map((program) => program.output()).join("\n");

      // It reads what comes after it has its partitions, unless its group has read before.
      const partitions = 4;
      const hasPartitions = async () =>
        ingester.output().split("Starting message handler").length > partitions ? true : undefined;
      await until(hasPartitions, { what: "the ingester's partitions", timeoutMs: 120_000, output });

      await sendUdp(compact, "legacy", [
        {
          traceIdHigh: 0xf7f7f7f7f7f7f7f7n,
          traceIdLow: 0xf8f8f8f8f8f8f8f8n,
          spanId: 0xf1f1f1f1f1f1f1f1n,
          parentSpanId: 0n,
          operationName: "nightly",
          startTime: BigInt(Date.now()) * 1000n,
          duration: 1_500n,
          tags: { "job.rows": 12_345n },
        },
      ]);
      await using store = connectSpanStore(at(storage));
      const found = await until(
        async () => {
          const { traces } = await store.findTraceIds({
            service: "legacy",
            attributes: { "job.rows": 12_345 },
          });
          return traces.length > 0 ? traces : undefined;
        },
        { what: "the span", timeoutMs: 120_000, output },
      );
      expect(found.map(({ traceId }) => traceId)).toEqual(["f7f7f7f7f7f7f7f7f8f8f8f8f8f8f8f8"]);
    }, 400_000);
  },
);
