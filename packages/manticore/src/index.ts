import type { SpanStore } from "@spanstore/core";
import { createSpanStore, lazyEngine, warnOnce } from "@spanstore/core/engine";
import { openClients } from "./connection/clients.js";
import { storeError } from "./connection/errors.js";
import { readServerFacts } from "./connection/server-facts.js";
import { openEngine } from "./engine.js";
import { checkOptions, type ManticoreOptions } from "./options.js";
import { tenantOfTable, tenantPrefix } from "./schema/naming.js";
import { tablesFrom } from "./schema/tables.js";
import { defaultTuning, type Tuning } from "./schema/tuning.js";
import { createInsertThread, type InsertThread, insertThreadFile } from "./write/insert-thread-client.js";
import type { ThreadTuning } from "./write/insert-thread-protocol.js";

export type { WindowLength } from "@spanstore/core/engine";
export type { ServerFacts } from "./connection/server-facts.js";
export { diagnoseManticore } from "./maintenance/diagnosis.js";
export { type ManticoreMaintenance, openManticoreMaintenance } from "./maintenance/maintenance.js";
export type { ManticoreOptions } from "./options.js";

/**
 * Opens a store in Manticore Search. The store connects at the first call, which also makes missing tables. A call
 * fails with STORE_UNAVAILABLE while no address answers; the error has a `field` when an option is to blame, such as a
 * wrong password. It fails with INCOMPATIBLE_SCHEMA when a newer version, or another program, made the tables.
 * @throws INVALID_OPTIONS naming the option; DRIVER_UNAVAILABLE in a bundle that lacks the engine's thread.
 */
export async function openManticoreStore(options: ManticoreOptions): Promise<SpanStore> {
  const settings = checkOptions(options);
  const threadFile = insertThreadFile();
  const clients = openClients(settings);
  const { home, shards } = clients;

  const { warn } = options;
  const onDifferences = warnOnce(warn);
  let warned = false;
  /** Reads limits and settings of the daemons, and warns once. */
  const tuningOf = async (): Promise<Tuning> => {
    const facts = await Promise.all((shards.length > 0 ? shards : [home]).map(readServerFacts));
    if (!warned) for (const warning of new Set(facts.flatMap(({ warnings }) => warnings))) warn?.(warning);
    warned = true;
    return within(Math.min(...facts.map(({ maxPacketBytes }) => maxPacketBytes)));
  };
  let thread: InsertThread | undefined;
  const open = async (prefix: string) => {
    const tuning = await tuningOf().catch((error: unknown) => {
      throw storeError(error, "cannot open the store");
    });
    thread ??= createInsertThread(threadFile, { settings, tuning: messageable(tuning) });
    return openEngine({
      client: home,
      shards,
      settings,
      prefix,
      tuning,
      warn,
      onDifferences,
      inserterOf: thread.inserterOf,
    });
  };

  const engine = lazyEngine("manticore", () => open(settings.prefix));
  const health = async (): Promise<void> => {
    // Pings before it opens the store: opening would retry first.
    await home.query("SELECT version()", { retryMillis: 0 }).catch((error: unknown) => {
      throw storeError(error, "the store does not serve");
    });
    await engine.health();
  };
  const close = async (): Promise<void> => {
    try {
      await engine.close();
    } finally {
      await Promise.all([thread?.close(), clients.close()]);
    }
  };
  return createSpanStore(
    { ...engine, health, close },
    (tenant) => open(tenantPrefix(settings.prefix, tenant)),
    async () => {
      const tables = await tablesFrom(home, settings.prefix).catch((error: unknown) => {
        throw storeError(error, "cannot list tenants");
      });
      return tables.flatMap(({ name }) => tenantOfTable(settings.prefix, name) ?? []);
    },
  );
}

/** Drops the function of a tuning, which a message to a thread cannot carry. */
function messageable({ idOf: _, ...numbers }: Tuning): ThreadTuning {
  return numbers;
}

/** The default tuning, with statements that fit into searchd's packets. */
function within(maxPacketBytes: number): Tuning {
  const maxStatementBytes = Math.min(defaultTuning.maxStatementBytes, Math.floor(maxPacketBytes / 2));
  return { ...defaultTuning, maxStatementBytes, maxPacketBytes };
}
