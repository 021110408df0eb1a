import { readFile } from "node:fs/promises";
import { openMemoryStore, type SpanStore } from "@spanstore/core";
import type { Config } from "./config/options.js";

/** Which of a server's stores: each is a space of its own, next to the other. */
export type StoreRole = "main" | "archive";

/** Opens the store that the configuration names. An engine's package is loaded when it is used. */
export async function openStore(config: Config, role: StoreRole): Promise<SpanStore> {
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
        ca: caFile === "none" ? undefined : await readFile(caFile, "utf8"),
        cluster: cluster === "none" ? undefined : cluster,
      });
    }
  }
}

/** The archive's file lies beside the main one; in memory there are no files. */
function sqlitePath(path: string, role: StoreRole): string {
  return role === "main" || path === ":memory:" ? path : `${path}.archive`;
}
