import type { CallOptions, SpanStoreError, StoreStats, WriteResult } from "@spanstore/core";
import { type EngineReader, type EngineWriter, type SpanCount, throwIfAborted } from "@spanstore/core/engine";
import { storeError } from "./connection/errors.js";
import { whenUnlocked } from "./connection/locks.js";
import { createRetention } from "./maintenance/retention.js";
import { createCallLedger } from "./read/call-ledger.js";
import { createReader } from "./read/read.js";
import type { Space } from "./schema/space.js";
import { createWriteGroup, type PreparedWrite, prepareWrite } from "./write/write.js";

/** Requests that came meanwhile share a transaction, up to this many bytes of them. */
const maxGroupBytes = 8 * 1024 * 1024;

/** What there has to be room for after a write has failed, for the store to serve again. */
const probeBytes = 1024 * 1024;

/** The reading half of the engine in one space. */
export function createEngineReader(space: Space): EngineReader {
  return { ...createReader(space), dependencies: createCallLedger(space) };
}

/** The writing half, and what only the writer knows. */
export interface SqliteWriter extends Omit<EngineWriter, "write" | "expire" | "deleteBefore"> {
  /** Opens the file, makes it or brings it forward. */
  readonly open: () => Promise<void>;
  readonly write: (encoded: Uint8Array, options?: CallOptions) => Promise<WriteResult>;
  /** Both tell how much went. */
  readonly deleteBefore: (timeUnixNano: bigint) => Promise<SpanCount>;
  readonly expire: (timeUnixNano: bigint) => Promise<SpanCount>;
  readonly stats: () => Promise<StoreStats>;
  readonly health: () => Promise<void>;
}

interface Waiting {
  readonly encoded: Uint8Array;
  readonly signal: AbortSignal | undefined;
  readonly resolve: (result: WriteResult) => void;
  readonly reject: (error: unknown) => void;
}

export function createEngineWriter(space: Space): SqliteWriter {
  const retention = createRetention(space);
  const statements = space.of((db) => {
    const removeProbe = db.prepare("DELETE FROM counter WHERE name = 'probe'");
    const writeProbe = db.prepare(
      `INSERT INTO counter (name, value) VALUES ('probe', zeroblob(${probeBytes}))`,
    );
    return {
      writeGroup: createWriteGroup(db),
      bytes: db.prepare("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size").pluck(),
      /** Whether there is room again is only told by another write. */
      probe: db.transaction(() => {
        removeProbe.run();
        writeProbe.run();
      }).immediate,
      removeProbe,
      takeLock: () => {
        db.exec("BEGIN IMMEDIATE; ROLLBACK");
      },
    };
  });
  let waiting: Waiting[] = [];
  /** What the last write failed with. */
  let failure: SpanStoreError | undefined;

  /** The next requests that share a transaction; those that cannot be written are answered. */
  const takeGroup = (): { request: Waiting; prepared: PreparedWrite }[] => {
    const group: { request: Waiting; prepared: PreparedWrite }[] = [];
    let bytes = 0;
    let taken = 0;
    for (const request of waiting) {
      if (taken > 0 && bytes + request.encoded.length > maxGroupBytes) break;
      taken++;
      bytes += request.encoded.length;
      try {
        throwIfAborted(request.signal);
        group.push({ request, prepared: prepareWrite(request.encoded) });
      } catch (error) {
        request.reject(error);
      }
    }
    waiting = waiting.slice(taken);
    return group;
  };

  /** Writes everything that waits, and what came while it did, a transaction a group. */
  const drain = async (): Promise<void> => {
    const group = takeGroup();
    if (group.length > 0) {
      try {
        await whenUnlocked(() => statements().writeGroup(group.map(({ prepared }) => prepared)));
        failure = undefined;
        for (const { request, prepared } of group) {
          request.resolve({ accepted: prepared.split.spanCount, rejected: prepared.split.rejected });
        }
      } catch (error) {
        failure = storeError(error, "cannot write");
        for (const { request } of group) request.reject(failure);
      }
    }
    draining = waiting.length > 0;
    if (draining) setImmediate(drain);
  };
  let draining = false;

  const writing = async <T>(doing: string, work: () => T | Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      throw storeError(error, doing);
    }
  };

  return {
    open: () => writing("cannot open", () => whenUnlocked(() => void statements())),
    write: (encoded, options) =>
      new Promise((resolve, reject) => {
        waiting.push({ encoded, signal: options?.signal, resolve, reject });
        if (draining) return;
        draining = true;
        setImmediate(drain);
      }),
    deleteBefore: (time) => writing("cannot delete", () => retention.deleteBefore(time)),
    expire: (time) => writing("cannot delete", () => retention.expire(time)),
    purge: () => writing("cannot purge", () => retention.purge()),
    stats: () => writing("cannot read the size", () => ({ bytes: statements().bytes.get() as number })),
    health: () =>
      writing("the database can not be written", async () => {
        if (failure?.code === "CORRUPT") throw failure;
        if (failure === undefined) {
          await whenUnlocked(() => statements().takeLock());
        } else {
          await whenUnlocked(() => statements().probe());
          await whenUnlocked(() => statements().removeProbe.run());
          failure = undefined;
        }
      }),
  };
}
