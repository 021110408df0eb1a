import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { freePort, launch } from "./launch.js";
import { workspaceServer } from "./spanstore.js";
import type { RunningServer, Target } from "./target.js";

/** An Elasticsearch that runs already, and is empty. */
export interface Elasticsearch {
  readonly url: string;
  readonly process: number;
  /** Where its data lies. */
  readonly directory: string;
}

/** @param text `URL,PID,DIR`. */
export function elasticsearchAt(text: string): Elasticsearch {
  const [, url, process, directory] = /^(https?:\/\/[^,]+),(\d+),(.+)$/.exec(text) ?? [];
  if (url === undefined || directory === undefined) {
    throw new Error(`--elasticsearch: URL,PID,DIR, not "${text}"`);
  }
  return { url, process: Number(process), directory };
}

const together =
  "on Elasticsearch, processor time and memory of both together, disk after a merge into one segment";

/** spanstore's server on it. */
export function spanstoreOnElasticsearch(
  elasticsearch: Elasticsearch,
  directory: string,
  extraArgs: readonly string[],
  main: string = workspaceServer(),
): Target {
  const home = join(directory, "spanstore-elasticsearch");
  return {
    name: "spanstore-elasticsearch",
    about: `spanstore ${together}`,
    command: ["grpc-server", "--backend=elasticsearch", ...extraArgs].join(" "),
    persistent: true,
    keepsBytes: true,
    async start() {
      mkdirSync(home, { recursive: true });
      const address = `127.0.0.1:${await freePort()}`;
      const args = [
        main,
        "--backend=elasticsearch",
        `--elasticsearch.url=${elasticsearch.url}`,
        `--listen=${address}`,
        `--admin=127.0.0.1:${await freePort()}`,
        ...extraArgs,
      ];
      return onElasticsearch(elasticsearch, process.execPath, args, address, home);
    },
  };
}

/** Jaeger's own `jaeger-remote-storage` from PATH on it. */
export function jaegerOnElasticsearch(elasticsearch: Elasticsearch, directory: string): Target {
  const home = join(directory, "jaeger-elasticsearch");
  const binary = "jaeger-remote-storage";
  const storage = `    store:\n      elasticsearch:\n        server_urls: ["${elasticsearch.url}"]\n        version: 9\n`;
  return {
    name: "elasticsearch",
    about: `Jaeger's remote-storage with its defaults ${together}`,
    command: `${binary} --config-file FILE (storage: ${storage.replace(/\s+/g, " ").trim()})`,
    persistent: true,
    keepsBytes: false,
    async start() {
      mkdirSync(home, { recursive: true });
      const address = `127.0.0.1:${await freePort()}`;
      const config = join(home, "config.yaml");
      writeFileSync(
        config,
        `grpc:\n  endpoint: ${address}\nstorage:\n  backends:\n${storage}multi_tenancy:\n  enabled: false\n`,
      );
      const admin = `127.0.0.1:${await freePort()}`;
      const args = ["--config-file", config, "--admin.http.host-port", admin, "--log-level", "warn"];
      return onElasticsearch(elasticsearch, binary, args, address, home);
    },
  };
}

async function onElasticsearch(
  { url, process: also, directory }: Elasticsearch,
  command: string,
  args: readonly string[],
  address: string,
  home: string,
): Promise<RunningServer> {
  const server = await launch(command, args, {
    address,
    logFile: join(home, "server.log"),
    dataDirectory: directory,
    also: [also],
  });
  return {
    ...server,
    async stop() {
      const seconds = await server.stop();
      await fetch(new URL("_forcemerge?max_num_segments=1", `${url}/`), { method: "POST" });
      await fetch(new URL("_flush", `${url}/`), { method: "POST" });
      return seconds;
    },
  };
}
