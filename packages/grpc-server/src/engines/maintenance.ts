import type { JaegerIndices, JaegerIndicesOptions } from "@spanstore/elasticsearch";
import type { ManticoreMaintenance } from "@spanstore/manticore";
import type { Config } from "../config/options.js";
import { manticoreOptions, type StoreRole } from "./open-store.js";

/** Opens the maintenance of tables that Manticore Search leaves to its operator. */
export async function openManticoreMaintenance(
  config: Config,
  role: StoreRole,
): Promise<ManticoreMaintenance> {
  const manticore = await import("@spanstore/manticore");
  return manticore.openManticoreMaintenance(await manticoreOptions(config, role));
}

/** Opens the indices of Jaeger's own Elasticsearch storage for reading. */
export async function openJaegerIndices(options: JaegerIndicesOptions): Promise<JaegerIndices> {
  const elasticsearch = await import("@spanstore/elasticsearch");
  return elasticsearch.openJaegerIndices(options);
}
