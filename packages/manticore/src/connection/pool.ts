import { checkServerIdentity, TLSSocket } from "node:tls";
import { SpanStoreError } from "@spanstore/core";
import { orAborted } from "@spanstore/core/engine";
import { createPool, type PoolConnection, type QueryError } from "mysql2";
import { type Address, addressText, type Settings } from "../options.js";

/** A pool of connections to one address, opened as needed. */
export interface Connections {
  /**
   * Takes a connection: a free one, a new one, or the next that becomes free.
   * @throws ABORTED when the signal fires, STORE_UNAVAILABLE when none becomes free in time.
   */
  readonly take: (timeoutMillis: number, signal?: AbortSignal) => Promise<PoolConnection>;
  /** Counts the noticed restarts of searchd. After {@link take}, every restart before it is counted. */
  readonly restarts: () => number;
  readonly close: () => Promise<void>;
}

const connectMillis = 5_000;
const idleMillis = 60_000;

export function openConnections(address: Address, settings: Settings): Connections {
  const { host, port, user, password, tls } = address;
  const at = addressText(address);
  const most = settings.writers * 2 + settings.readers;
  const pool = createPool({
    host,
    port,
    user,
    password,
    // Manticore has one database and expects its name; mysql2 sends it in the handshake.
    database: "Manticore",
    // One character per byte in both directions: other charsets would make mysql2 decode binary data.
    charset: "BINARY",
    typeCast: false,
    // Statements have no placeholders, and mysql2 would scan each for them.
    queryFormat: (sql) => sql,
    rowsAsArray: true,
    connectTimeout: connectMillis,
    connectionLimit: most,
    maxIdle: most,
    idleTimeout: idleMillis,
    enableKeepAlive: true,
    ...(tls ? { ssl: settings.ca === undefined ? {} : { ca: settings.ca } } : {}),
  });
  /** Whether the last call waits in the queue of the pool, since all connections are in use. */
  let isQueued = false;
  pool.on("enqueue", () => {
    isQueued = true;
  });
  /** Whether the server has shown a certificate for this host. Resumed sessions show none. */
  let known = !tls;

  const check = (connection: PoolConnection): void => {
    const { stream } = connection as unknown as { readonly stream: unknown };
    if (known || !(stream instanceof TLSSocket)) return;
    // mysql2 only checks the authority.
    const mismatch = checkServerIdentity(host, stream.getPeerCertificate());
    if (mismatch !== undefined) throw mismatch;
    known = true;
  };

  const starts = createStarts();
  const identified = new WeakSet<PoolConnection>();
  /** A restart closes all connections, so checking new ones is enough. */
  const identify = async (connection: PoolConnection, timeoutMillis: number): Promise<PoolConnection> => {
    if (identified.has(connection)) return connection;
    try {
      starts.note(connection.threadId, await uptimeOf(connection, timeoutMillis));
    } catch (error) {
      connection.destroy();
      throw error;
    }
    identified.add(connection);
    return connection;
  };

  return {
    restarts: starts.count,
    take: async (timeoutMillis, signal) => {
      const { promise, resolve, reject } = Promise.withResolvers<PoolConnection>();
      let isOver = false;
      isQueued = false;
      pool.getConnection((error, connection) => {
        if (error) return reject(error);
        // The caller has stopped waiting.
        if (isOver) return connection.release();
        try {
          check(connection);
        } catch (mismatch) {
          connection.destroy();
          return reject(mismatch);
        }
        identify(connection, timeoutMillis).then((own) => {
          if (isOver) own.release();
          else resolve(own);
        }, reject);
      });
      // Opening a connection has its own timeout, `connectMillis`.
      const late = isQueued
        ? setTimeout(() => reject(noneFree(at, timeoutMillis)), timeoutMillis)
        : undefined;
      try {
        return await orAborted(promise, signal);
      } finally {
        isOver = true;
        clearTimeout(late);
      }
    },
    close: () => new Promise((resolve) => pool.end(() => resolve())),
  };
}

/** Start times of the same searchd differ by less than this: it reports its uptime in whole seconds. */
const sameStartMillis = 1_500;
const maxIds = 10_000;

/**
 * Counts restarts of a searchd: its uptime shows them, and connection ids that come again, since each start counts from
 * 1.
 */
export function createStarts(now: () => number = () => performance.now()) {
  const ids = new Set<number>();
  let started: number | undefined;
  let count = 0;
  return {
    note: (id: number, uptimeMillis: number): void => {
      const own = now() - uptimeMillis;
      const isSame = started === undefined || (Math.abs(own - started) < sameStartMillis && !ids.has(id));
      if (!isSame) {
        ids.clear();
        count++;
      }
      if (!isSame || started === undefined) started = own;
      if (ids.size >= maxIds) ids.clear();
      ids.add(id);
    },
    count: (): number => count,
  };
}

function uptimeOf(connection: PoolConnection, timeout: number): Promise<number> {
  return new Promise((resolve, reject) => {
    connection.query(
      { sql: "SHOW STATUS LIKE 'uptime'", timeout },
      (error: QueryError | null, rows: unknown) => {
        if (error) return reject(error);
        const [row] = rows as readonly (readonly Buffer[])[];
        resolve(Number(row?.[1]?.toString("latin1") ?? 0) * 1000);
      },
    );
  });
}

function noneFree(at: string, timeoutMillis: number): SpanStoreError {
  return new SpanStoreError(
    "STORE_UNAVAILABLE",
    `no connection to ${at} became free in ${timeoutMillis} ms`,
    {
      hint: "raise `readers` or `writers`, and max_connections of searchd with them",
    },
  );
}
