import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import {
  freePorts,
  type RunningProgram,
  startProgram,
  untilReady,
} from "../../../../scripts/test-support/processes.js";

/** A running Jaeger: a store, the ways in, and its query service. */
export interface Jaeger {
  readonly otlp: number;
  readonly thrift: number;
  readonly zipkin: number;
  readonly query: number;
  readonly program: RunningProgram;
}

/** Starts Jaeger 2 on a backend, given as one of its `jaeger_storage.backends`. */
export async function startJaeger(
  command: readonly [string, ...string[]],
  folder: string,
  backend: object,
): Promise<Jaeger> {
  const ports = (await freePorts(6)) as [number, number, number, number, number, number];
  const [otlp, thrift, zipkin, query, queryGrpc, health] = ports;
  const at = (port: number) => `127.0.0.1:${port}`;
  const config = {
    service: {
      extensions: ["jaeger_storage", "jaeger_query", "healthcheckv2"],
      pipelines: {
        traces: {
          receivers: ["otlp", "jaeger", "zipkin"],
          processors: [],
          exporters: ["jaeger_storage_exporter"],
        },
      },
      telemetry: { metrics: { level: "none" }, logs: { level: "info" } },
    },
    extensions: {
      jaeger_storage: { backends: { store: backend } },
      jaeger_query: {
        storage: { traces: "store" },
        http: { endpoint: at(query) },
        grpc: { endpoint: at(queryGrpc) },
      },
      healthcheckv2: { use_v2: true, http: { endpoint: at(health) } },
    },
    receivers: {
      otlp: { protocols: { grpc: { endpoint: at(otlp) } } },
      jaeger: { protocols: { thrift_http: { endpoint: at(thrift) } } },
      zipkin: { endpoint: at(zipkin) },
    },
    exporters: { jaeger_storage_exporter: { trace_storage: "store" } },
  };
  const file = join(folder, `jaeger-${query}.yaml`);
  writeFileSync(file, stringify(config));
  const program = startProgram(command, [`--config=${file}`], { OTEL_TRACES_SAMPLER: "always_off" });
  await untilReady(`http://127.0.0.1:${health}/status`, program);
  return { otlp, thrift, zipkin, query, program };
}

/** Starts an all-in-one of Jaeger 1 on a storage, given by its type and flags. */
export async function startJaeger1(
  command: readonly [string, ...string[]],
  storageType: string,
  flags: readonly string[],
): Promise<Jaeger> {
  const ports = (await freePorts(9)) as [number, number, number, number, ...number[]];
  const [otlp, thrift, zipkin, query, ...others] = ports;
  const [otlpHttp, collectorGrpc, queryGrpc, admin] = others;
  const listeners = {
    "collector.otlp.grpc": otlp,
    "collector.otlp.http": otlpHttp,
    "collector.http-server": thrift,
    "collector.grpc-server": collectorGrpc,
    "collector.zipkin": zipkin,
    "query.http-server": query,
    "query.grpc-server": queryGrpc,
    "admin.http": admin,
  };
  const listening = Object.entries(listeners).map(([name, port]) => `--${name}.host-port=127.0.0.1:${port}`);
  const program = startProgram(command, [...listening, "--collector.otlp.enabled", ...flags], {
    OTEL_TRACES_SAMPLER: "always_off",
    SPAN_STORAGE_TYPE: storageType,
  });
  await untilReady(`http://127.0.0.1:${admin}/`, program);
  return { otlp, thrift, zipkin, query, program };
}
