import { openMemoryStore, type SpanStore } from "@spanstore/core";
import type { Config } from "./config/options.js";

/** Opens the store that the configuration names. An engine's package is loaded when it is used. */
export async function openStore(config: Config): Promise<SpanStore> {
  switch (config.backend) {
    case "memory":
      return openMemoryStore();
    case "sqlite": {
      const { openSqliteStore } = await import("@spanstore/sqlite");
      return openSqliteStore({ path: config["sqlite.path"], synchronous: config["sqlite.synchronous"] });
    }
  }
}
