import { isSpanStoreError, type SpanStore } from "@spanstore/core";
import type { Finding } from "@spanstore/core/engine";
import type { Config } from "../config/options.js";
import { elasticsearchOptions, manticoreOptions, type StoreRole, sqlitePath } from "./open-store.js";

/** What the backend's own diagnosis says of a store. Changes nothing. */
export async function diagnoseBackend(config: Config, role: StoreRole): Promise<readonly Finding[]> {
  switch (config.backend) {
    case "memory":
      return [
        {
          level: "warning",
          subject: "backend",
          text: "memory forgets everything when the server ends, and keeps it all in the process",
          advice: "choose another --backend for what is to stay",
        },
      ];
    case "sqlite": {
      const { diagnoseSqlite } = await import("@spanstore/sqlite");
      return diagnoseSqlite({ path: sqlitePath(config["sqlite.path"], role) });
    }
    case "manticore": {
      const { diagnoseManticore } = await import("@spanstore/manticore");
      return diagnoseManticore(await manticoreOptions(config, role));
    }
    case "elasticsearch": {
      const { diagnoseElasticsearch } = await import("@spanstore/elasticsearch");
      return diagnoseElasticsearch(await elasticsearchOptions(config, role));
    }
  }
}

/** Whether a store answers: its health, and a read. */
export async function diagnoseStore(
  subject: string,
  store: SpanStore,
  signal?: AbortSignal,
): Promise<Finding[]> {
  try {
    await store.health();
    const services = await store.getServices({ signal });
    return [{ level: "ok", subject, text: `it answers; ${services.length} services have spans` }];
  } catch (error) {
    if (!isSpanStoreError(error)) throw error;
    const { hint } = error;
    return [
      { level: "problem", subject, text: error.message, ...(hint === undefined ? {} : { advice: hint }) },
    ];
  }
}
