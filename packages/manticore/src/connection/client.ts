import { SpanStoreError } from "@spanstore/core";
import { createBackoff, throwIfAborted } from "@spanstore/core/engine";
import type { PoolConnection, QueryError } from "mysql2";
import { type Address, addressText, type Settings } from "../options.js";
import { agentFailed, failureOf, isTimeout, partFailed, withCircumstances } from "./errors.js";
import { type Connections, openConnections } from "./pool.js";

/** The values of a row as bytes, in the order of the selected columns. */
export type Row = readonly Buffer[];

/** Runs statements on searchd over a pool of connections. A statement is text with one character per byte. */
export interface Client {
  /** Runs a statement and returns its rows. A statement that reaches no searchd is retried for a while. */
  readonly query: (sql: string, options?: QueryOptions) => Promise<readonly Row[]>;
  /** Runs statements in order on one connection, until one fails. @returns the rows of the last. */
  readonly session: (statements: readonly string[], options?: QueryOptions) => Promise<readonly Row[]>;
  /**
   * Sends statements that read in one packet, and returns the rows of each. searchd accepts SELECT, and SHOW META for
   * the one before. One failure fails all. An answer without the part of a table fails too: searchd skips a table that
   * lacks a column, and only warns of it.
   */
  readonly together: (
    statements: readonly string[],
    options?: QueryOptions,
  ) => Promise<readonly (readonly Row[])[]>;
  /**
   * Counts restarts of searchd and changes of the address: either may lose rows of earlier statements. The count is up
   * to date when a statement has succeeded.
   */
  readonly restarts: () => number;
  readonly close: () => Promise<void>;
}

export interface QueryOptions {
  readonly signal?: AbortSignal | undefined;
  /** The beginning of the error message, such as "cannot write". */
  readonly doing?: string;
  /** How long the statement is retried; by default as the settings say. */
  readonly retryMillis?: number;
  /** How long a statement may take; by default as the settings say. */
  readonly timeoutMillis?: number;
  /**
   * How many bytes of the column `encoded` are kept. The first row always keeps its value; from the first row on that
   * would exceed the limit, the value is null.
   */
  readonly maxBytes?: number | undefined;
}

export interface ClientOptions {
  /** The client uses the first address, and the next ones while it does not answer. */
  readonly addresses: readonly Address[];
  /**
   * Whether tables may be on other daemons. An answer that lacks the part of one, of which searchd only warns, is then
   * an error.
   */
  readonly agents?: boolean;
}

const firstPauseMillis = 20;
const longestPauseMillis = 500;
/** How long the next address serves after a failure, before the first is tried again. */
const awayMillis = 10_000;

export function createClient(
  settings: Settings,
  { addresses, agents = false }: ClientOptions = { addresses: settings.addresses },
): Client {
  const pools = addresses.map((address) => openConnections(address, settings));
  const names = addresses.map(addressText);
  let current = 0;
  let returnAt = 0;
  let closed = false;
  let moves = 0;

  const pool = (): Connections => {
    if (current !== 0 && Date.now() >= returnAt) moveTo(0);
    return pools[current] as Connections;
  };
  const moveOn = (failed: Connections): void => {
    // Another statement may have moved on already.
    if (pools[current] !== failed) return;
    moveTo((current + 1) % pools.length);
    returnAt = Date.now() + awayMillis;
  };
  const moveTo = (next: number): void => {
    if (next !== current) moves++;
    current = next;
  };

  /** @returns the answer of the last statement. */
  const run = async (
    statements: readonly string[],
    {
      signal,
      doing,
      retryMillis = settings.retryMillis,
      timeoutMillis: timeout = settings.timeoutMillis,
      maxBytes,
    }: QueryOptions = {},
  ): Promise<unknown> => {
    const { mayTryAgain, wait } = createBackoff({
      firstMillis: firstPauseMillis,
      longestMillis: longestPauseMillis,
      forMillis: retryMillis,
      began: performance.now(),
      signal,
    });
    for (let attempt = 1; ; attempt++) {
      throwIfAborted(signal);
      const used = pool();
      try {
        return await runOn(used, statements, { timeout, agents, maxBytes, signal });
      } catch (error) {
        throwIfAborted(signal);
        const unreachable = failureOf(error) === "unreachable";
        if (unreachable) moveOn(used);
        // A timeout is not retried: the caller may be late already, and searchd may still run the statement.
        const mayPass = unreachable && !closed && !isTimeout(error);
        // Tries every address once, and then again with pauses between.
        if (mayPass && attempt % pools.length !== 0) continue;
        // Retries at least once: the first attempt alone may have taken all the time.
        const late = retryMillis === 0 || (attempt > pools.length && !mayTryAgain());
        if (!mayPass || late) {
          throw withCircumstances(error, unreachable ? names.join(", ") : nameOf(used), doing);
        }
        await wait();
      }
    }
  };
  const nameOf = (used: Connections): string => names[pools.indexOf(used)] ?? "";

  return {
    session: async (statements, options) => rowsOf(await run(statements, options)),
    query: async (sql, options) => rowsOf(await run([sql], options)),
    together: async (statements, options) => {
      const answers = await run([[...statements, showWarnings].join(";")], options);
      return (answers as readonly unknown[]).slice(0, -1).map(rowsOf);
    },
    restarts: () => pools.reduce((sum, each) => sum + each.restarts(), moves),
    close: async () => {
      closed = true;
      await Promise.all(pools.map((each) => each.close()));
    },
  };
}

/** A number of a row; 0 for null or a missing row. */
export function decimal(row: Row | undefined, column: number): number {
  return Number(row?.[column]?.toString("latin1") ?? 0);
}

/** An integer of a row that may exceed a double's exact range. */
export function integer(row: Row, column: number): bigint {
  return BigInt((row[column] as Buffer).toString("latin1"));
}

interface RunOptions {
  readonly timeout: number;
  readonly agents: boolean;
  readonly maxBytes: number | undefined;
  readonly signal: AbortSignal | undefined;
}

async function runOn(
  connections: Connections,
  statements: readonly string[],
  options: RunOptions,
): Promise<unknown> {
  const { timeout, agents, signal } = options;
  const connection = await connections.take(timeout, signal);
  let answer: unknown;
  try {
    for (const sql of statements) answer = await runStatement(connection, sql, options);
    const last = statements[statements.length - 1] ?? "";
    if (last.endsWith(showWarnings)) {
      checkWhole(rowsOf((answer as readonly unknown[]).at(-1)));
    } else if (agents && mayAskAgents(last)) {
      checkWhole(rowsOf(await runStatement(connection, showWarnings, options)));
    }
  } catch (error) {
    // The next user of the connection would get a pending answer or an open transaction.
    if (statements.length > 1 || failureOf(error) === "unreachable" || signal?.aborted) connection.destroy();
    else connection.release();
    throw error;
  }
  connection.release();
  return answer;
}

/** The rows of an answer; none for a statement without rows. */
function rowsOf(answer: unknown): readonly Row[] {
  return Array.isArray(answer) ? (answer as Row[]) : [];
}

/** Shows the warnings of the last SELECT, also within one packet. */
const showWarnings = "SHOW WARNINGS";

function mayAskAgents(statement: string): boolean {
  return /^(SELECT|CALL) /.test(statement);
}

/** @throws when an agent or a table did not give its part of the answer, or searchd ended the search early. */
function checkWhole(warnings: readonly Row[]): void {
  for (const [, , text] of warnings) {
    const message = text?.toString("latin1") ?? "";
    if (/\bagent /.test(message)) throw Object.assign(new Error(message), { code: agentFailed });
    if (/^(table|index) |query was killed|max_query_time/.test(message)) {
      throw Object.assign(new Error(message), { code: partFailed });
    }
  }
}

function runStatement(
  connection: PoolConnection,
  sql: string,
  { timeout, maxBytes, signal }: RunOptions,
): Promise<unknown> {
  const typeCast = maxBytes === undefined ? false : keepWithin(maxBytes);
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(new SpanStoreError("ABORTED", "the call was cancelled"));
    signal?.addEventListener("abort", onAbort, { once: true });
    connection.query({ sql, timeout, typeCast }, (error: QueryError | null, result: unknown) => {
      signal?.removeEventListener("abort", onAbort);
      if (error) reject(error);
      else resolve(result);
    });
  });
}

/** Returns values as bytes; those of `encoded` only up to a total of `maxBytes`. */
function keepWithin(maxBytes: number) {
  let bytes = 0;
  let isFull = false;
  return (field: { readonly name: string; readonly buffer: () => Buffer | null }): Buffer | null => {
    const value = field.buffer();
    if (value === null || field.name !== "encoded") return value;
    isFull ||= bytes > 0 && bytes + value.length > maxBytes;
    if (isFull) return null;
    bytes += value.length;
    return value;
  };
}
