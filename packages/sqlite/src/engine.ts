import type { SpanStoreError, StoreStats, WriteResult } from "@spanstore/core";
import type { EngineReader, EngineWriter, SpanCount } from "@spanstore/core/engine";
import type { Database as Connection } from "better-sqlite3";
import { storeError } from "./connection/errors.js";
import { createRetention } from "./maintenance/retention.js";
import { createCallLedger } from "./read/call-ledger.js";
import { createReader } from "./read/read.js";
import { createWriteGroup, type PreparedWrite, prepareWrite } from "./write/write.js";

/** Requests that came meanwhile share a transaction, up to this many bytes of them. */
const maxGroupBytes = 8 * 1024 * 1024;

/** What there has to be room for after a write has failed, for the store to serve again. */
const probeBytes = 1024 * 1024;

/** The reading half of the engine on one connection. */
export function createEngineReader(db: Connection): EngineReader {
  return { ...createReader(db), dependencies: createCallLedger(db) };
}

/** The writing half, and what only the writer knows. */
export interface SqliteWriter extends Omit<EngineWriter, "expire" | "deleteBefore"> {
  /** Both tell how much went. */
  readonly deleteBefore: (timeUnixNano: bigint) => Promise<SpanCount>;
  readonly expire: (timeUnixNano: bigint) => Promise<SpanCount>;
  readonly stats: () => Promise<StoreStats>;
  readonly health: () => Promise<void>;
}

interface Waiting {
  readonly encoded: Uint8Array;
  readonly resolve: (result: WriteResult) => void;
  readonly reject: (error: unknown) => void;
}

export function createEngineWriter(db: Connection): SqliteWriter {
  const writeGroup = createWriteGroup(db);
  const retention = createRetention(db);
  const pageCount = db
    .prepare("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size")
    .pluck();
  const writeProbe = db.prepare(
    `INSERT INTO counter (name, value) VALUES ('probe', zeroblob(${probeBytes}))`,
  );
  const removeProbe = db.prepare("DELETE FROM counter WHERE name = 'probe'");
  let waiting: Waiting[] = [];
  /** What the last write failed with. */
  let failure: SpanStoreError | undefined;

  /** Whether there is room again is only told by another write. */
  const probe = db.transaction(() => {
    removeProbe.run();
    writeProbe.run();
  }).immediate;

  /** Writes everything that waits, and what came while it did, a transaction a group. */
  const drain = (): void => {
    const group: { request: Waiting; prepared: PreparedWrite }[] = [];
    let bytes = 0;
    let taken = 0;
    for (const request of waiting) {
      if (taken > 0 && bytes + request.encoded.length > maxGroupBytes) break;
      taken++;
      bytes += request.encoded.length;
      try {
        group.push({ request, prepared: prepareWrite(request.encoded) });
      } catch (error) {
        request.reject(error);
      }
    }
    waiting = waiting.slice(taken);
    if (waiting.length > 0) setImmediate(drain);
    if (group.length === 0) return;
    try {
      writeGroup(group.map(({ prepared }) => prepared));
      failure = undefined;
    } catch (error) {
      failure = storeError(error, "cannot write");
      for (const { request } of group) request.reject(failure);
      return;
    }
    for (const { request, prepared } of group) {
      request.resolve({ accepted: prepared.split.spanCount, rejected: prepared.split.rejected });
    }
  };

  const writing = async <T>(doing: string, work: () => T | Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      throw storeError(error, doing);
    }
  };

  return {
    write: (encoded) =>
      new Promise((resolve, reject) => {
        waiting.push({ encoded, resolve, reject });
        if (waiting.length === 1) setImmediate(drain);
      }),
    deleteBefore: (time) => writing("cannot delete", () => retention.deleteBefore(time)),
    expire: (time) => writing("cannot delete", () => retention.expire(time)),
    purge: () => writing("cannot purge", () => retention.purge()),
    stats: () => writing("cannot read the size", () => ({ bytes: pageCount.get() as number })),
    health: () =>
      writing("the database can not be written", () => {
        if (failure?.code === "CORRUPT") throw failure;
        if (failure === undefined) {
          db.exec("BEGIN IMMEDIATE; ROLLBACK");
        } else {
          probe();
          removeProbe.run();
          failure = undefined;
        }
      }),
  };
}
