import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { freePort } from "./launch.js";

/** Jaeger 2, from PATH. */
const program = "jaeger";

export function hasJaeger(): boolean {
  return spawnSync(program, ["version"], { stdio: "ignore" }).status === 0;
}

/** Jaeger 2's query service in front of a storage of `jaeger.storage.v2`. */
export async function startJaegerQuery(
  storage: string,
): Promise<{ readonly address: string; readonly pid: number; stop(): Promise<void> }> {
  const folder = mkdtempSync(join(tmpdir(), "spanstore-bench-query-"));
  const config = join(folder, "jaeger.yaml");
  const address = `127.0.0.1:${await freePort()}`;
  writeFileSync(
    config,
    `service:
  extensions: [jaeger_storage, jaeger_query]
  pipelines:
    traces: { receivers: [otlp], exporters: [jaeger_storage_exporter] }
  telemetry: { metrics: { level: none }, logs: { level: warn } }
extensions:
  jaeger_query:
    storage: { traces: spanstore }
    http: { endpoint: ${address} }
    grpc: { endpoint: 127.0.0.1:${await freePort()} }
  jaeger_storage:
    backends:
      spanstore: { grpc: { endpoint: ${storage}, tls: { insecure: true } } }
receivers: { otlp: { protocols: { grpc: { endpoint: 127.0.0.1:${await freePort()} } } } }
exporters: { jaeger_storage_exporter: { trace_storage: spanstore } }
`,
  );
  const jaeger = spawn(program, ["--config", config], {
    stdio: "ignore",
    env: { ...process.env, OTEL_TRACES_SAMPLER: "always_off" },
  });
  const deadline = Date.now() + 60_000;
  for (;;) {
    const answer = await fetch(`http://${address}/api/v3/services`).catch(() => undefined);
    await answer?.body?.cancel();
    if (answer?.status === 200) break;
    if (Date.now() > deadline || jaeger.exitCode !== null) throw new Error("Jaeger's query did not start");
    await delay(100);
  }
  return {
    address,
    pid: jaeger.pid as number,
    async stop() {
      const ended = once(jaeger, "exit");
      jaeger.kill("SIGTERM");
      await ended;
      rmSync(folder, { recursive: true });
    },
  };
}
