import { createSpanStore, type SpanStore } from "@spanstore/core";
import { createClient } from "./client.js";
import { openEngine } from "./engine.js";
import { storeError } from "./errors.js";
import { tenantPrefix } from "./naming.js";
import { checkOptions, type ManticoreOptions } from "./options.js";
import { readServerFacts } from "./server-facts.js";
import { defaultTuning, type Tuning } from "./tuning.js";

export { type ManticoreMaintenance, openManticoreMaintenance } from "./maintenance.js";
export type { ManticoreOptions } from "./options.js";
export type { ServerFacts } from "./server-facts.js";
export type { WindowLength } from "./windows.js";

/**
 * Opens a store in Manticore Search; its tables are made when they are not there.
 * @throws INVALID_OPTIONS naming the option; STORE_UNAVAILABLE when no address answers.
 */
export async function openManticoreStore(options: ManticoreOptions): Promise<SpanStore> {
  const settings = checkOptions(options);
  const client = createClient(settings);
  try {
    const { warnings, maxPacketBytes } = await readServerFacts(client).catch((error: unknown) => {
      throw storeError(error, "cannot reach Manticore Search");
    });
    for (const warning of warnings) options.warn?.(warning);
    const tuning = within(maxPacketBytes);
    const engine = await openEngine({ client, settings, prefix: settings.prefix, tuning });
    const open = (tenant: string) =>
      openEngine({ client, settings, prefix: tenantPrefix(settings.prefix, tenant), tuning });
    return createSpanStore({ ...engine, close: () => engine.close().finally(client.close) }, open);
  } catch (error) {
    await client.close();
    throw error;
  }
}

/** Statements within what searchd takes. */
function within(maxPacketBytes: number): Tuning {
  const maxStatementBytes = Math.min(defaultTuning.maxStatementBytes, Math.floor(maxPacketBytes / 2));
  return { ...defaultTuning, maxStatementBytes, maxPacketBytes };
}
