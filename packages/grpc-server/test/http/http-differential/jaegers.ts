import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  freePorts,
  type RunningProgram,
  startProgram,
  untilReady,
} from "../../../../../scripts/test-support/processes.js";

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** A Jaeger that is running. */
export interface RunningJaeger {
  /** Of its query API. */
  readonly port: number;
  stop(): Promise<void>;
}

/** @param storageType SPAN_STORAGE_TYPE. @param storage the port of its remote storage. */
export async function startJaeger1(
  command: readonly [string, ...string[]],
  storageType: string,
  storage: number,
): Promise<RunningJaeger> {
  const [query, queryGrpc, health, ...others] = await freePorts(14);
  const flags = [
    "collector.otlp.grpc.host-port",
    "collector.otlp.http.host-port",
    "collector.grpc-server.host-port",
    "collector.http-server.host-port",
    "collector.zipkin.host-port",
    ...(storageType === "grpc-plugin"
      ? [
          "processor.jaeger-compact.server-host-port",
          "processor.jaeger-binary.server-host-port",
          "processor.zipkin-compact.server-host-port",
          "http-server.host-port",
        ]
      : []),
  ];
  const hostPorts = {
    "grpc-storage.server": storage,
    "query.http-server.host-port": query,
    "query.grpc-server.host-port": queryGrpc,
    "admin.http.host-port": health,
    ...Object.fromEntries(flags.map((flag, i) => [flag, others[i]])),
  };
  const jaeger = startProgram(
    command,
    [
      ...Object.entries(hostPorts).map(([flag, port]) => `--${flag}=127.0.0.1:${port}`),
      "--query.max-clock-skew-adjustment=10s",
    ],
    { SPAN_STORAGE_TYPE: storageType, JAEGER_DISABLED: "true", OTEL_TRACES_SAMPLER: "always_off" },
  );
  await untilReady(`http://127.0.0.1:${health}/`, jaeger);
  return { port: query as number, stop: () => ended(jaeger) };
}

export async function startJaeger2(
  command: readonly [string, ...string[]],
  storage: number,
): Promise<RunningJaeger> {
  const folder = mkdtempSync(join(tmpdir(), "spanstore-differential-"));
  const config = join(folder, "jaeger.yaml");
  copyFileSync(here("../../../../../examples/jaeger/config.yaml"), config);
  const [query, health, ...others] = await freePorts(8);
  const ports = {
    "extensions.jaeger_query.http.endpoint": query,
    "extensions.healthcheckv2.http.endpoint": health,
    ...Object.fromEntries(
      [
        "extensions.jaeger_query.grpc.endpoint",
        "receivers.otlp.protocols.grpc.endpoint",
        "receivers.otlp.protocols.http.endpoint",
        "receivers.jaeger.protocols.grpc.endpoint",
        "receivers.jaeger.protocols.thrift_http.endpoint",
        "receivers.zipkin.endpoint",
      ].map((key, i) => [key, others[i]]),
    ),
  };
  const jaeger = startProgram(
    command,
    [
      `--config=${config}`,
      ...Object.entries(ports).map(([key, port]) => `--set=${key}=127.0.0.1:${port}`),
      "--set=extensions.jaeger_query.max_clock_skew_adjust=10s",
    ],
    { SPANSTORE_ENDPOINT: `127.0.0.1:${storage}`, OTEL_TRACES_SAMPLER: "always_off" },
  );
  await untilReady(`http://127.0.0.1:${health}/status`, jaeger);
  return {
    port: query as number,
    stop: async () => {
      await ended(jaeger);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function ended(program: RunningProgram): Promise<void> {
  await program.stop();
}
