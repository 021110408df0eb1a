import type { Client } from "../connection/client.js";
import { openClients } from "../connection/clients.js";
import { failureOf, storeError } from "../connection/errors.js";
import { readServerFacts, type ServerFacts } from "../connection/server-facts.js";
import { checkOptions, type ManticoreOptions } from "../options.js";
import { tenantOfTable, tenantPrefix } from "../schema/naming.js";
import { tablesFrom } from "../schema/tables.js";
import { repairSpace } from "./repair-space.js";

/** Maintenance of a store's tables, for an operator. */
export interface ManticoreMaintenance extends AsyncDisposable {
  /** Reads the settings of the home searchd. */
  readonly facts: () => Promise<ServerFacts>;
  /** The store's tables, those of tenants included. */
  readonly tables: () => Promise<readonly string[]>;
  /** Merges the disk chunks of each table into one, which frees the space of deleted rows and speeds up searches. */
  readonly optimize: () => Promise<void>;
  /**
   * Restores what a killed searchd has lost, for all tenants: lists of services and operations and lists of stop terms,
   * both derived from the spans, the row with the store's format, missing columns of spans, and the union of all days.
   * @returns the repairs, in words.
   */
  readonly repair: () => Promise<readonly string[]>;
  /** Saves rows in memory to disk, so that searchd replays less when it starts. */
  readonly flush: () => Promise<void>;
  readonly close: () => Promise<void>;
}

/** A merge of a large table takes minutes. */
const timeoutMillis = 3_600_000;

/** @throws INVALID_OPTIONS naming the option. */
export function openManticoreMaintenance(options: ManticoreOptions): ManticoreMaintenance {
  const settings = checkOptions({ timeoutMillis, ...options });
  const clients = openClients(settings);
  /** The daemons that hold rows. */
  const holders = clients.shards.length > 0 ? [...clients.shards, clients.home] : [clients.home];

  const doing = async <T>(what: string, work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      throw storeError(error, what);
    }
  };
  const tablesOf = async (client: Client): Promise<string[]> => {
    const listed = await tablesFrom(client, settings.prefix);
    return listed.filter(({ type }) => type === "rt").map(({ name }) => name);
  };
  const onAll = async (statement: (table: string) => string): Promise<void> => {
    for (const client of holders) {
      for (const table of await tablesOf(client)) {
        try {
          await client.query(statement(table));
        } catch (error) {
          // The table was dropped after it was listed.
          if (failureOf(error) !== "no table") throw error;
        }
      }
    }
  };

  return {
    facts: () => doing("cannot read the server's settings", () => readServerFacts(clients.home)),
    tables: () =>
      doing("cannot list tables", async () => [
        ...new Set((await Promise.all(holders.map(tablesOf))).flat()),
      ]),
    optimize: () =>
      doing("cannot optimize", () => onAll((table) => `OPTIMIZE TABLE ${table} OPTION sync=1, cutoff=1`)),
    flush: () => doing("cannot flush", () => onAll((table) => `FLUSH RAMCHUNK ${table}`)),
    repair: () =>
      doing("cannot repair", async () => {
        const { home, shards } = clients;
        const names = (await tablesFrom(home, settings.prefix)).map(({ name }) => name);
        const tenants = names.flatMap((name) => tenantOfTable(settings.prefix, name) ?? []);
        const prefixes = [settings.prefix, ...tenants.map((tenant) => tenantPrefix(settings.prefix, tenant))];
        const done: string[] = [];
        for (const prefix of prefixes) done.push(...(await repairSpace({ home, shards, settings, prefix })));
        return done;
      }),
    close: clients.close,
    [Symbol.asyncDispose]: clients.close,
  };
}
