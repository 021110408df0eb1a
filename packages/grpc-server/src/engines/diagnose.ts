import { isSpanStoreError, type SpanStore } from "@spanstore/core";
import { type Finding, messageOf } from "@spanstore/core/engine";
import type { Config } from "../config/options.js";
import { elasticsearchOptions, manticoreOptions, type StoreRole, sqlitePath } from "./open-store.js";

/**
 * Runs the backend's diagnosis of a store. It changes nothing, and reports a failure as a finding.
 * @param isServing whether this process serves meanwhile. Then it leaves out checks that would delay calls.
 */
export async function diagnoseBackend(
  config: Config,
  role: StoreRole,
  isServing = false,
): Promise<readonly Finding[]> {
  try {
    return await backendFindings(config, role, isServing);
  } catch (error) {
    return [failedFinding("diagnosis", error)];
  }
}

function failedFinding(subject: string, error: unknown): Finding {
  if (isSpanStoreError(error)) {
    const { message: text, hint: advice } = error;
    return { level: "problem", subject, text, ...(advice === undefined ? {} : { advice }) };
  }
  return {
    level: "problem",
    subject,
    text: `an answer has not what it should have: ${messageOf(error)}`,
    advice: "see that the address is that of the backend itself, and that its user may look at everything",
  };
}

async function backendFindings(
  config: Config,
  role: StoreRole,
  isServing: boolean,
): Promise<readonly Finding[]> {
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
      return diagnoseSqlite({ path: sqlitePath(config["sqlite.path"], role), integrity: !isServing });
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

/** Checks that a store answers, by its health and a read. */
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
    return [failedFinding(subject, error)];
  }
}
