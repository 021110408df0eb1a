import { createSpanStore, type SpanStore } from "@spanstore/core";
import { createClient } from "./client.js";
import { checkServer, openEngine } from "./engine.js";
import { tenantPrefix } from "./naming.js";
import { checkOptions, type ManticoreOptions } from "./options.js";

export type { ManticoreOptions } from "./options.js";
export type { WindowLength } from "./windows.js";

/**
 * Opens a store in Manticore Search; its tables are made when they are not there.
 * @throws INVALID_OPTIONS naming the option; STORE_UNAVAILABLE when no address answers.
 */
export async function openManticoreStore(options: ManticoreOptions): Promise<SpanStore> {
  const settings = checkOptions(options);
  const client = createClient(settings);
  try {
    await checkServer(client);
    const engine = await openEngine({ client, settings, prefix: settings.prefix });
    const open = (tenant: string) =>
      openEngine({ client, settings, prefix: tenantPrefix(settings.prefix, tenant) });
    return createSpanStore({ ...engine, close: () => engine.close().finally(client.close) }, open);
  } catch (error) {
    await client.close();
    throw error;
  }
}
