import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { freePort, launch } from "./launch.js";
import type { Target } from "./target.js";

const binary = "jaeger-remote-storage-1.76";

export type Jaeger1Backend = "memory-1.76" | "badger-1.76" | "badger-sync-1.76";

const abouts: Record<Jaeger1Backend, string> = {
  "memory-1.76": "Jaeger 1.76's remote-storage with its memory store",
  "badger-1.76":
    "Jaeger 1.76's remote-storage with Badger, its defaults: acknowledged without a sync to disk",
  "badger-sync-1.76":
    "Jaeger 1.76's remote-storage with Badger and `consistency`: synced before the acknowledgement",
};

/** Jaeger 1.76's `jaeger-remote-storage-1.76` from PATH, the last one that speaks storage.v1 as well as v2. */
export function jaeger1Target(backend: Jaeger1Backend, directory: string, maxTraces: number): Target {
  const home = join(directory, `jaeger-${backend}`);
  const data = join(home, "data");
  const isMemory = backend === "memory-1.76";
  const storage = (place: string): string[] =>
    isMemory
      ? [`--memory.max-traces=${maxTraces}`]
      : [
          "--badger.ephemeral=false",
          `--badger.directory-key=${join(place, "keys")}`,
          `--badger.directory-value=${join(place, "values")}`,
          ...(backend === "badger-sync-1.76" ? ["--badger.consistency=true"] : []),
        ];
  const type = isMemory ? "memory" : "badger";
  return {
    name: backend,
    about: abouts[backend],
    command: `SPAN_STORAGE_TYPE=${type} ${binary} ${storage("DIR").join(" ")}`,
    persistent: !isMemory,
    keepsBytes: false,
    async start() {
      mkdirSync(data, { recursive: true });
      const address = `127.0.0.1:${await freePort()}`;
      const admin = `127.0.0.1:${await freePort()}`;
      return launch(
        binary,
        [
          `--grpc.host-port=${address}`,
          `--admin.http.host-port=${admin}`,
          "--log-level=warn",
          ...storage(data),
        ],
        {
          address,
          logFile: join(home, "server.log"),
          env: { SPAN_STORAGE_TYPE: type },
          ...(isMemory ? {} : { dataDirectory: data }),
        },
      );
    },
  };
}
