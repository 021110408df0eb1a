import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { freePort, launch } from "./launch.js";
import type { Target } from "./target.js";

const binary = "jaeger-remote-storage";

export type JaegerBackend = "memory" | "badger" | "badger-sync";

const abouts: Record<JaegerBackend, string> = {
  memory: "Jaeger's remote-storage with its memory store",
  badger: "Jaeger's remote-storage with Badger, its defaults: acknowledged without a sync to disk",
  "badger-sync":
    "Jaeger's remote-storage with Badger and `consistency: true`: synced before the acknowledgement",
};

function storageSection(backend: JaegerBackend, data: string, maxTraces: number): string {
  if (backend === "memory") return `    store:\n      memory:\n        max_traces: ${maxTraces}\n`;
  return `    store:
      badger:
        directories:
          keys: ${join(data, "keys")}
          values: ${join(data, "values")}
        ephemeral: false
        consistency: ${backend === "badger-sync"}
        maintenance_interval: 5m
        metrics_update_interval: 10s
        ttl:
          spans: 168h
`;
}

/** Jaeger's own `jaeger-remote-storage` from PATH; `maxTraces` bounds its memory store. */
export function jaegerTarget(backend: JaegerBackend, directory: string, maxTraces: number): Target {
  const home = join(directory, `jaeger-${backend}`);
  const data = join(home, "data");
  return {
    name: backend,
    about: abouts[backend],
    command: `${binary} --config-file FILE (storage: ${storageSection(backend, "DIR", maxTraces).replace(/\s+/g, " ").trim()})`,
    persistent: backend !== "memory",
    keepsBytes: false,
    async start() {
      mkdirSync(data, { recursive: true });
      const address = `127.0.0.1:${await freePort()}`;
      const admin = `127.0.0.1:${await freePort()}`;
      const config = join(home, "config.yaml");
      writeFileSync(
        config,
        `grpc:\n  endpoint: ${address}\nstorage:\n  backends:\n${storageSection(backend, data, maxTraces)}multi_tenancy:\n  enabled: false\n`,
      );
      return launch(
        binary,
        ["--config-file", config, "--admin.http.host-port", admin, "--log-level", "warn"],
        {
          address,
          logFile: join(home, "server.log"),
          ...(backend === "memory" ? {} : { dataDirectory: data }),
        },
      );
    },
  };
}
