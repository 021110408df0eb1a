import { createSpanStore, type SpanStore } from "@spanstore/core";
import { createClient } from "./client.js";
import { openEngine } from "./engine.js";
import { tenantPrefix } from "./naming.js";
import { checkOptions, type ElasticsearchOptions } from "./options.js";

export type { ElasticsearchOptions } from "./options.js";
export type { WindowLength } from "./windows.js";

/**
 * Opens a store in Elasticsearch; its indices and their template are made when they are not there.
 * @throws INVALID_OPTIONS naming the option; STORE_UNAVAILABLE when no node answers; INCOMPATIBLE_SCHEMA when a newer
 *   version, or another program, made what is there.
 */
export async function openElasticsearchStore(options: ElasticsearchOptions): Promise<SpanStore> {
  const settings = checkOptions(options);
  const client = createClient(settings);
  try {
    const engine = await openEngine({ client, settings, prefix: settings.prefix });
    const openTenant = (tenant: string) =>
      openEngine({ client, settings, prefix: tenantPrefix(settings.prefix, tenant) });
    return createSpanStore({ ...engine, close: () => engine.close().finally(client.close) }, openTenant);
  } catch (error) {
    await client.close();
    throw error;
  }
}
