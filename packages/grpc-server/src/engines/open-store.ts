import { readFile } from "node:fs/promises";
import { openMemoryStore, type SpanStore, SpanStoreError } from "@spanstore/core";
import type { ElasticsearchOptions } from "@spanstore/elasticsearch";
import type { ManticoreOptions } from "@spanstore/manticore";
import { fileProblem } from "../config/file-problem.js";
import type { Config } from "../config/options.js";

/** The role of one of a server's two stores. */
export type StoreRole = "main" | "archive";

/**
 * Opens the store of the configuration. Loads only the package of its engine.
 * @param warn called with each setting of the backend that weakens the store.
 */
export async function openStore(
  config: Config,
  role: StoreRole,
  warn?: (message: string) => void,
): Promise<SpanStore> {
  switch (config.backend) {
    case "memory":
      return openMemoryStore();
    case "sqlite": {
      const { openSqliteStore } = await import("@spanstore/sqlite");
      const path = sqlitePath(config["sqlite.path"], role);
      return openSqliteStore({ path, synchronous: config["sqlite.synchronous"] });
    }
    case "manticore": {
      const { openManticoreStore } = await import("@spanstore/manticore");
      return openManticoreStore(await manticoreOptions(config, role, warn));
    }
    case "elasticsearch": {
      const { openElasticsearchStore } = await import("@spanstore/elasticsearch");
      return openElasticsearchStore(await elasticsearchOptions(config, role, warn));
    }
  }
}

/** The options of a store in Manticore Search. */
export async function manticoreOptions(
  config: Config,
  role: StoreRole,
  warn?: (message: string) => void,
): Promise<ManticoreOptions> {
  const { "manticore.ca-file": caFile, "manticore.cluster": cluster } = config;
  return {
    url: config["manticore.url"],
    prefix: `${config["manticore.prefix"]}${role === "main" ? "" : "archive_"}`,
    window: config["manticore.window"],
    attributes: config["manticore.attributes"],
    ca: await contentOf("manticore.ca-file", caFile),
    cluster: unlessNone(cluster),
    shards: config["manticore.shards"],
    warn,
  };
}

/** The options of a store in Elasticsearch. */
export async function elasticsearchOptions(
  config: Config,
  role: StoreRole,
  warn?: (message: string) => void,
): Promise<ElasticsearchOptions> {
  const replicas = config["elasticsearch.replicas"];
  return {
    url: config["elasticsearch.url"],
    apiKey: unlessNone(config["elasticsearch.api-key"]),
    ca: await contentOf("elasticsearch.ca-file", config["elasticsearch.ca-file"]),
    caFingerprint: unlessNone(config["elasticsearch.ca-fingerprint"]),
    prefix: `${config["elasticsearch.prefix"]}${role === "main" ? "" : "archive-"}`,
    window: config["elasticsearch.window"],
    shards: config["elasticsearch.shards"],
    replicas: replicas === "auto" ? undefined : Number(replicas),
    codec: config["elasticsearch.codec"],
    refresh: config["elasticsearch.refresh"],
    refreshIntervalMillis: config["elasticsearch.refresh-interval"],
    compression: config["elasticsearch.compression"],
    timeoutMillis: config["elasticsearch.timeout"],
    warn,
  };
}

function unlessNone(value: string): string | undefined {
  return value === "none" ? undefined : value;
}

async function contentOf(option: string, file: string): Promise<string | undefined> {
  if (file === "none") return undefined;
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    const message = `--${option}: ${fileProblem("read", file, error)}`;
    throw new SpanStoreError("INVALID_OPTIONS", message, { field: option, cause: error });
  }
}

/** The file of a store. The archive's lies beside the main one; a database in memory has none. */
export function sqlitePath(path: string, role: StoreRole): string {
  return role === "main" || path === ":memory:" ? path : `${path}.archive`;
}
