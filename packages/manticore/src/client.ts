import { setTimeout as delay } from "node:timers/promises";
import { SpanStoreError, throwIfAborted } from "@spanstore/core";
import { createPool, type Pool, type PoolConnection, type QueryError } from "mysql2";
import { failureOf, storeError } from "./errors.js";
import type { Address, Settings } from "./options.js";

/** A row's values as bytes, in the order of the columns asked for. */
export type Row = readonly Buffer[];

/** Statements to searchd, over as many connections as are needed. A statement is text of one character a byte. */
export interface Client {
  /** Runs a statement and gives its rows, none when it has none. What finds nobody is tried again for a while. */
  readonly query: (sql: string, options?: QueryOptions) => Promise<readonly Row[]>;
  /** Runs statements one after the other on one connection; the first that fails ends it. */
  readonly session: (statements: readonly string[], options?: QueryOptions) => Promise<readonly Row[]>;
  readonly close: () => Promise<void>;
}

export interface QueryOptions {
  readonly signal?: AbortSignal | undefined;
  /** What is done, for the message of an error. */
  readonly doing?: string;
  /** For how long it is tried again; the settings' otherwise. */
  readonly retryMillis?: number;
}

const connectMillis = 5_000;
const firstPauseMillis = 20;
const longestPauseMillis = 500;
/** After a failure the next address serves for so long, before the first is tried again. */
const awayMillis = 10_000;

export function createClient(settings: Settings): Client {
  const pools = settings.addresses.map((address) => poolOf(address, settings));
  let current = 0;
  let returnAt = 0;
  let closed = false;

  const pool = (): Pool => {
    if (current !== 0 && Date.now() >= returnAt) current = 0;
    return pools[current] as Pool;
  };
  const moveOn = (failed: Pool): void => {
    // Others may have moved on already.
    if (pools[current] !== failed) return;
    current = (current + 1) % pools.length;
    returnAt = Date.now() + awayMillis;
  };

  const session = async (
    statements: readonly string[],
    { signal, doing = "a statement failed", retryMillis = settings.retryMillis }: QueryOptions = {},
  ): Promise<readonly Row[]> => {
    const deadline = Date.now() + retryMillis;
    let pause = firstPauseMillis;
    for (let attempt = 1; ; attempt++) {
      throwIfAborted(signal);
      const used = pool();
      try {
        return await runOn(used, statements, settings.timeoutMillis, signal);
      } catch (error) {
        throwIfAborted(signal);
        if (failureOf(error) !== "unreachable" || closed) throw error;
        moveOn(used);
        // Every address once, and then again with pauses between.
        if (attempt % pools.length !== 0) continue;
        // Once more at least: one attempt alone may have taken all the time.
        if (retryMillis === 0 || (attempt > pools.length && Date.now() + pause > deadline))
          throw storeError(error, doing);
        await delay(pause * (0.5 + Math.random()), undefined, { signal }).catch(() => undefined);
        pause = Math.min(pause * 2, longestPauseMillis);
      }
    }
  };

  return {
    session,
    query: (sql, options) => session([sql], options),
    close: async () => {
      closed = true;
      await Promise.all(pools.map((each) => new Promise<void>((resolve) => each.end(() => resolve()))));
    },
  };
}

/** A number of a row; null and nothing are 0. */
export function decimal(row: Row | undefined, column: number): number {
  return Number(row?.[column]?.toString("latin1") ?? 0);
}

/** A whole number of a row that may be too large for a number. */
export function integer(row: Row, column: number): bigint {
  return BigInt((row[column] as Buffer).toString("latin1"));
}

function poolOf({ host, port, user, password, tls }: Address, settings: Settings): Pool {
  const pool = createPool({
    host,
    port,
    user,
    password,
    // Manticore has one database and wants its name; mysql2 asks for it in the handshake.
    database: "Manticore",
    // One character a byte, both ways: with any other, mysql2 would decode what is no text.
    charset: "BINARY",
    typeCast: (field) => field.buffer(),
    // Statements are whole; mysql2 would look through all of each for placeholders.
    queryFormat: (sql) => sql,
    rowsAsArray: true,
    connectTimeout: connectMillis,
    connectionLimit: settings.writers * 2 + settings.readers,
    maxIdle: settings.writers * 2 + settings.readers,
    idleTimeout: 60_000,
    enableKeepAlive: true,
    ...(tls ? { ssl: settings.ca === undefined ? {} : { ca: settings.ca } } : {}),
  });
  return pool;
}

async function runOn(
  pool: Pool,
  statements: readonly string[],
  timeout: number,
  signal: AbortSignal | undefined,
): Promise<readonly Row[]> {
  const connection = await connectionOf(pool);
  let rows: readonly Row[] = [];
  try {
    for (const sql of statements) rows = await runStatement(connection, sql, timeout, signal);
  } catch (error) {
    // What is left on it, an answer to come or a transaction, is nobody's.
    if (statements.length > 1 || failureOf(error) === "unreachable" || signal?.aborted) connection.destroy();
    else connection.release();
    throw error;
  }
  connection.release();
  return rows;
}

function connectionOf(pool: Pool): Promise<PoolConnection> {
  return new Promise((resolve, reject) => {
    pool.getConnection((error, connection) => {
      if (error) reject(error);
      else resolve(connection);
    });
  });
}

function runStatement(
  connection: PoolConnection,
  sql: string,
  timeout: number,
  signal: AbortSignal | undefined,
): Promise<readonly Row[]> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(new SpanStoreError("ABORTED", "the call was cancelled"));
    signal?.addEventListener("abort", onAbort, { once: true });
    connection.query({ sql, timeout }, (error: QueryError | null, result: unknown) => {
      signal?.removeEventListener("abort", onAbort);
      if (error) reject(error);
      else resolve(Array.isArray(result) ? (result as Row[]) : []);
    });
  });
}
