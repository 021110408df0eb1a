import { createClient } from "./client.js";
import { failureOf, storeError } from "./errors.js";
import { checkOptions, type ManticoreOptions } from "./options.js";
import { readServerFacts, type ServerFacts } from "./server-facts.js";

/** What an operator does with a store's tables and asks of its searchd. */
export interface ManticoreMaintenance extends AsyncDisposable {
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
  const client = createClient(settings);

  const doing = async <T>(what: string, work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      throw storeError(error, what);
    }
  };
  const tables = async (): Promise<string[]> => {
    const rows = await client.query(`SHOW TABLES LIKE '${settings.prefix}%'`);
    return rows
      .filter(([, type]) => String(type) === "rt")
      .map(([name]) => String(name))
      .filter((name) => name.startsWith(settings.prefix));
  };
  const onAll = async (statement: (table: string) => string): Promise<void> => {
    for (const table of await tables()) {
      try {
        await client.query(statement(table));
      } catch (error) {
        // Dropped since it was listed.
        if (failureOf(error) !== "no table") throw error;
      }
    }
  };

  return {
    facts: () => doing("cannot read the server's settings", () => readServerFacts(client)),
    tables: () => doing("cannot list tables", tables),
    optimize: () =>
      doing("cannot optimize", () => onAll((table) => `OPTIMIZE TABLE ${table} OPTION sync=1, cutoff=1`)),
    flush: () => doing("cannot flush", () => onAll((table) => `FLUSH RAMCHUNK ${table}`)),
    close: client.close,
    [Symbol.asyncDispose]: client.close,
  };
}
