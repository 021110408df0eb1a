import { SpanStoreError } from "@spanstore/core";
import type { Database as Connection } from "better-sqlite3";

/** The connections of one thread, one a space. The most recently used stay open, up to a limit. */
export interface Connections {
  /** Opens the space's connection unless it is open. It is valid until the next await, when another space may evict it. */
  readonly get: (space: string) => Connection;
  /** @param last runs before an open connection is closed. */
  readonly close: (space: string, last?: (db: Connection) => void) => void;
  readonly closeAll: (last?: (db: Connection) => void) => void;
}

export interface ConnectionLimits {
  /** Connections that are open at once. */
  readonly most: number;
  /** Bytes of database pages that all connections together cache. */
  readonly cacheBytes: number;
}

/** How many files a thread has open at once. */
const maxConnections = 64;
const mebibyte = 1024 * 1024;
export const readerLimits: ConnectionLimits = { most: maxConnections, cacheBytes: 16 * mebibyte };
export const writerLimits: ConnectionLimits = { most: maxConnections, cacheBytes: 64 * mebibyte };
/** A database in memory is its connection. */
export const memoryLimits: ConnectionLimits = { most: Number.POSITIVE_INFINITY, cacheBytes: 64 * mebibyte };

export function createConnections(
  open: (space: string) => Connection,
  { most, cacheBytes }: ConnectionLimits,
): Connections {
  /** The one used longest ago comes first. */
  const opened = new Map<string, Connection>();
  let latest: string | undefined;
  let shared = 0;
  let ended = false;

  /** Gives each connection the same part of the cache. */
  const share = (added?: Connection): void => {
    const kibibytes = Math.floor(cacheBytes / 1024 / Math.max(1, opened.size));
    for (const db of shared === opened.size && added ? [added] : opened.values()) {
      db.pragma(`cache_size = -${kibibytes}`);
    }
    shared = opened.size;
  };
  const close = (space: string, last?: (db: Connection) => void): void => {
    const db = opened.get(space);
    if (db === undefined) return;
    opened.delete(space);
    if (latest === space) latest = undefined;
    last?.(db);
    db.close();
  };

  return {
    get: (space) => {
      if (ended) throw new SpanStoreError("STORE_CLOSED", "the store is closed");
      let db = opened.get(space);
      if (db !== undefined && latest === space) return db;
      if (db !== undefined) {
        opened.delete(space);
        opened.set(space, db);
        latest = space;
        return db;
      }
      for (const oldest of opened.keys()) {
        if (opened.size < most) break;
        close(oldest);
      }
      db = open(space);
      opened.set(space, db);
      latest = space;
      share(db);
      return db;
    },
    close: (space, last) => {
      close(space, last);
      share();
    },
    closeAll: (last) => {
      ended = true;
      for (const space of [...opened.keys()]) close(space, last);
    },
  };
}

/** Caches what `make` returns for a space's connection; a new connection gets a new value. */
export function perConnection<T>(connect: () => Connection, make: (db: Connection) => T): () => T {
  let known: { readonly db: Connection; readonly made: T } | undefined;
  return () => {
    const db = connect();
    if (known?.db !== db) known = { db, made: make(db) };
    return known.made;
  };
}
