import { readFile } from "node:fs/promises";
import { openMemoryStore, type SpanStore } from "@spanstore/core";
import type { Config } from "./config/options.js";

/** Which of a server's stores: each is a space of its own, next to the other. */
export type StoreRole = "main" | "archive";

/**
 * Opens the store that the configuration names. An engine's package is loaded when it is used.
 * @param warn is told what makes the store weaker than it could be.
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
      const { "manticore.ca-file": caFile, "manticore.cluster": cluster } = config;
      return openManticoreStore({
        url: config["manticore.url"],
        prefix: `${config["manticore.prefix"]}${role === "main" ? "" : "archive_"}`,
        window: config["manticore.window"],
        ca: await contentOf(caFile),
        cluster: unlessNone(cluster),
        warn,
      });
    }
    case "elasticsearch": {
      const { openElasticsearchStore } = await import("@spanstore/elasticsearch");
      return openElasticsearchStore({
        url: config["elasticsearch.url"],
        apiKey: unlessNone(config["elasticsearch.api-key"]),
        ca: await contentOf(config["elasticsearch.ca-file"]),
        prefix: `${config["elasticsearch.prefix"]}${role === "main" ? "" : "archive-"}`,
        window: config["elasticsearch.window"],
        shards: config["elasticsearch.shards"],
        codec: config["elasticsearch.codec"],
        refresh: config["elasticsearch.refresh"],
      });
    }
  }
}

function unlessNone(value: string): string | undefined {
  return value === "none" ? undefined : value;
}

async function contentOf(file: string): Promise<string | undefined> {
  return file === "none" ? undefined : readFile(file, "utf8");
}

/** The archive's file lies beside the main one; in memory there are no files. */
function sqlitePath(path: string, role: StoreRole): string {
  return role === "main" || path === ":memory:" ? path : `${path}.archive`;
}
