import type { Client } from "../connection/client.js";
import { openClients } from "../connection/clients.js";
import { failureOf, storeError } from "../connection/errors.js";
import { readServerFacts, type ServerFacts } from "../connection/server-facts.js";
import { checkOptions, type ManticoreOptions } from "../options.js";
import { tablesFrom } from "../schema/tables.js";

/** What an operator does with a store's tables and asks of its searchd. */
export interface ManticoreMaintenance extends AsyncDisposable {
  /** Of the searchd that is asked. */
  readonly facts: () => Promise<ServerFacts>;
  /** The store's tables, those of tenants included. */
  readonly tables: () => Promise<readonly string[]>;
  /** Merges each table's disk chunks into one, which gives the room of deleted rows back and quickens searches. */
  readonly optimize: () => Promise<void>;
  /** Saves what tables hold in memory to disk, which shortens what searchd has to replay when it starts. */
  readonly flush: () => Promise<void>;
  readonly close: () => Promise<void>;
}

/** A merge of a large table takes minutes. */
const timeoutMillis = 3_600_000;

/** @throws INVALID_OPTIONS naming the option. */
export function openManticoreMaintenance(options: ManticoreOptions): ManticoreMaintenance {
  const settings = checkOptions({ timeoutMillis, ...options });
  const clients = openClients(settings);
  /** Those that hold the tables' rows. */
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
          // Dropped since it was listed.
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
    close: clients.close,
    [Symbol.asyncDispose]: clients.close,
  };
}
