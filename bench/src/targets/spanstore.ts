import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { freePort, launch } from "./launch.js";
import type { Target } from "./target.js";

export function workspaceServer(): string {
  const manifest = fileURLToPath(import.meta.resolve("@spanstore/grpc-server/package.json"));
  return join(dirname(manifest), "dist", "main.js");
}

/** This workspace's own server with one of its backends, run as a process like any other. */
export function spanstoreTarget(
  backend: "sqlite" | "memory",
  directory: string,
  extraArgs: readonly string[],
  main: string = workspaceServer(),
): Target {
  const home = join(directory, `spanstore-${backend}`);
  const data = join(home, "data");
  const storage = backend === "sqlite" ? [`--sqlite.path=${join(data, "spans.db")}`] : [];
  const shown = backend === "sqlite" ? " --sqlite.path=FILE" : "";
  return {
    name: `spanstore-${backend}`,
    about:
      backend === "sqlite"
        ? "spanstore on SQLite, its defaults: committed and synced to disk before the acknowledgement"
        : "spanstore's memory engine",
    command: ["grpc-server", `--backend=${backend}${shown}`, ...extraArgs].join(" "),
    persistent: backend === "sqlite",
    keepsBytes: true,
    async start() {
      mkdirSync(data, { recursive: true });
      const address = `127.0.0.1:${await freePort()}`;
      const admin = `127.0.0.1:${await freePort()}`;
      const httpAddress = `127.0.0.1:${await freePort()}`;
      const args = [
        main,
        `--backend=${backend}`,
        ...storage,
        `--listen=${address}`,
        `--admin=${admin}`,
        `--http.listen=${httpAddress}`,
        ...extraArgs,
      ];
      const server = await launch(process.execPath, args, {
        address,
        logFile: join(home, "server.log"),
        ...(backend === "sqlite" ? { dataDirectory: data } : {}),
      });
      return { ...server, httpAddress };
    },
  };
}
