import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { freePort, launch } from "./launch.js";
import { workspaceServer } from "./spanstore.js";
import type { RunningServer, Target } from "./target.js";

/** An Elasticsearch that runs already. The indices of spanstore and Jaeger are removed before each is measured. */
export interface Elasticsearch {
  readonly url: string;
  readonly process: number;
  /** The folder of its data. */
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
  const empty = once(() => removeAll(elasticsearch.url));
  return {
    name: "spanstore-elasticsearch",
    about: `spanstore ${together}`,
    command: ["grpc-server", "--backend=elasticsearch", ...extraArgs].join(" "),
    persistent: true,
    keepsBytes: true,
    async start() {
      await empty();
      mkdirSync(home, { recursive: true });
      const address = `127.0.0.1:${await freePort()}`;
      const args = [
        main,
        "--backend=elasticsearch",
        `--elasticsearch.url=${elasticsearch.url}`,
        `--listen=${address}`,
        `--admin=127.0.0.1:${await freePort()}`,
        "--http.listen=none",
        ...extraArgs,
      ];
      return onElasticsearch(elasticsearch, process.execPath, args, address, home);
    },
  };
}

/**
 * The defaults of `jaeger`, in full, since jaeger-remote-storage takes an absent option for zero:
 * it would make no templates and ask for no documents.
 */
function storageSection(url: string): string {
  const indices = ["spans", "services", "dependencies", "sampling"];
  return `    store:
      elasticsearch:
        server_urls: ["${url}"]
        version: 9
        create_mappings: true
        max_doc_count: 10000
        max_span_age: 72h
        max_trace_duration: 24h
        http_compression: true
        bulk_processing: { max_bytes: 5000000, workers: 1, flush_interval: 200ms }
        tags_as_fields: { dot_replacement: "@" }
        indices: { ${indices.map((name) => `${name}: { shards: 5, replicas: 1 }`).join(", ")} }
`;
}

/** Jaeger's own `jaeger-remote-storage` from PATH on it. */
export function jaegerOnElasticsearch(elasticsearch: Elasticsearch, directory: string): Target {
  const home = join(directory, "jaeger-elasticsearch");
  const empty = once(() => removeAll(elasticsearch.url));
  const binary = "jaeger-remote-storage";
  const storage = storageSection(elasticsearch.url);
  return {
    name: "elasticsearch",
    about: `Jaeger's remote-storage with its defaults ${together}`,
    command: `${binary} --config-file FILE (storage: ${storage.replace(/\s+/g, " ").trim()})`,
    persistent: true,
    keepsBytes: false,
    async start() {
      await empty();
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

/** Indices and templates of both, so that neither is measured with what the other keeps. */
async function removeAll(url: string): Promise<void> {
  const names = async (path: string): Promise<string[]> => {
    const text = await (await fetch(new URL(path, `${url}/`))).text();
    return text.split("\n").filter((name) => /^(spanstore|jaeger)-/.test(name));
  };
  const remove = async (path: string): Promise<void> => {
    const answer = await fetch(new URL(path, `${url}/`), { method: "DELETE" });
    if (!answer.ok) throw new Error(`${path} of Elasticsearch can not be removed: ${await answer.text()}`);
  };
  for (const index of await names("_cat/indices?h=index&expand_wildcards=all")) await remove(index);
  for (const template of await names("_cat/templates?h=name")) await remove(`_index_template/${template}`);
}

function once(work: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined;
  return () => {
    done ??= work();
    return done;
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
