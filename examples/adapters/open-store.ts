import { openMemoryStore, type SpanStore } from "@spanstore/core";
import { openElasticsearchStore } from "@spanstore/elasticsearch";
import { openManticoreStore } from "@spanstore/manticore";
import { openSqliteStore } from "@spanstore/sqlite";

export interface StoreOptions {
  /** The names of tables or indices begin with it, so that others can have theirs beside them. */
  readonly prefix?: string | undefined;
}

/**
 * The store at an address: `sqlite:FILE` (or `sqlite::memory:`), `mysql://HOST:PORT` for Manticore Search,
 * `http://HOST:PORT` for Elasticsearch, `memory:`. What is done with it is the same for all.
 */
export async function openStoreAt(address: string, { prefix }: StoreOptions = {}): Promise<SpanStore> {
  const [scheme = ""] = address.split(":", 1);
  switch (scheme) {
    case "memory":
      return openMemoryStore();
    case "sqlite":
      return openSqliteStore({ path: address.slice("sqlite:".length) });
    case "mysql":
    case "mysqls":
      return openManticoreStore({ url: address, prefix });
    case "http":
    case "https":
      // A service that looks for what it has just written waits until it is found.
      return openElasticsearchStore({ url: address, prefix, refresh: "wait" });
    default:
      throw new Error(`no store is called ${scheme}:`);
  }
}
