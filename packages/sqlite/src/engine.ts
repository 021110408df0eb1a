import { SpanStoreError, type StoreStats, type WriteOptions, type WriteResult } from "@spanstore/core";
import {
  createGroupCommit,
  type EngineReader,
  type EngineWriter,
  type GroupItem,
  type SpanCount,
  watchedFragments,
} from "@spanstore/core/engine";
import { storeError } from "./connection/errors.js";
import { whenUnlocked } from "./connection/locks.js";
import { createReserve, logBytesOf, noReserve } from "./maintenance/reserve.js";
import { createRetention } from "./maintenance/retention.js";
import { createLedgers } from "./read/ledgers.js";
import { createReader } from "./read/read.js";
import type { Space } from "./schema/space.js";
import { createWriteGroup, prepareWrite } from "./write/write.js";

/** Waiting requests share a transaction of at most this many bytes. */
const maxGroupBytes = 8 * 1024 * 1024;

/** After a failed write, `health` recovers once the disk has room for this much. */
const probeBytes = 1024 * 1024;

/** The reserve is resized each time this many bytes have been written. */
const bytesPerLook = 4 * 1024 * 1024;
const fullHint = { hint: "old spans are being deleted; retry afterwards" };

/** The reading half of the engine in one space. */
export function createEngineReader(space: Space): EngineReader {
  const reader = createReader(space);
  return { ...reader, ...createLedgers(space, reader) };
}

/** The writing half of the engine, with size and health, which only the writer knows. */
export interface SqliteWriter extends Omit<EngineWriter, "write" | "expire" | "deleteBefore"> {
  /** Opens the file, creating or migrating it. */
  readonly open: () => Promise<void>;
  readonly write: (encoded: Uint8Array, options?: WriteOptions) => Promise<WriteResult>;
  /** @returns the number of deleted spans and of their bytes. */
  readonly deleteBefore: (timeUnixNano: bigint) => Promise<SpanCount>;
  /** @returns the number of deleted spans and of their bytes. */
  readonly expire: (timeUnixNano: bigint) => Promise<SpanCount>;
  readonly stats: () => Promise<StoreStats>;
  readonly health: () => Promise<void>;
}

interface Item {
  readonly encoded: Uint8Array;
  readonly watched: WriteOptions["watched"];
}

type Group = readonly GroupItem<Item, WriteResult>[];

/** @param path the database's file; undefined for a database in memory. */
export function createEngineWriter(space: Space, path: string | undefined): SqliteWriter {
  const reserve = path === undefined ? noReserve : createReserve(path);
  const databaseBytes = (): number => statements().bytes.get() as number;
  const logBytes = (): number => (path === undefined ? 0 : logBytesOf(path));
  const retention = createRetention(space, reserve, { databaseBytes, logBytes });
  const statements = space.of((db) => {
    const removeProbe = db.prepare("DELETE FROM counter WHERE name = 'probe'");
    const writeProbe = db.prepare(
      `INSERT INTO counter (name, value) VALUES ('probe', zeroblob(${probeBytes}))`,
    );
    return {
      writeGroup: createWriteGroup(db),
      bytes: db.prepare("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size").pluck(),
      /** Tells whether the disk has room again, which only a write can. */
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
  let writtenBytes = 0;
  const keepReserve = (written: number): void => {
    writtenBytes += written;
    if (writtenBytes < bytesPerLook) return;
    writtenBytes = 0;
    reserve.keep(databaseBytes());
  };
  /** The error of the last write; undefined after a success. */
  let failure: SpanStoreError | undefined;

  /** Writes requests in one transaction and rejects those that are no OTLP. */
  const writeGroup = async (group: Group): Promise<void> => {
    const prepared = group.flatMap((request) => {
      try {
        return { request, ...prepareWrite(request.item.encoded) };
      } catch (error) {
        request.reject(error);
        return [];
      }
    });
    if (prepared.length === 0) return;
    try {
      if (retention.usesReserve())
        throw new SpanStoreError("STORE_UNAVAILABLE", "cannot write: the disk is full", fullHint);
      await whenUnlocked(() => statements().writeGroup(prepared));
      failure = undefined;
    } catch (error) {
      failure = storeError(error, "cannot write");
      throw failure;
    }
    keepReserve(group.reduce((bytes, { item }) => bytes + item.encoded.length, 0));
    for (const { request, split } of prepared) {
      const { watched } = request.item;
      request.resolve({
        accepted: split.spanCount,
        rejected: split.rejected,
        ...(watched === undefined ? {} : { watched: watchedFragments(split, watched) }),
      });
    }
  };
  const write = createGroupCommit<Item, WriteResult>({
    bytesOf: ({ encoded }) => encoded.length,
    maxGroupBytes,
    write: writeGroup,
  });

  const writing = async <T>(doing: string, work: () => T | Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      throw storeError(error, doing);
    }
  };

  return {
    open: () =>
      writing("cannot open", async () => {
        await whenUnlocked(() => void statements());
        reserve.keep(databaseBytes());
      }),
    write: (encoded, options) => write({ encoded, watched: options?.watched }, options?.signal),
    deleteBefore: (time) => writing("cannot delete", () => retention.deleteBefore(time)),
    expire: (time) => writing("cannot delete", () => retention.expire(time)),
    purge: () => writing("cannot purge", () => retention.purge()),
    stats: () =>
      writing("cannot read the size", () => ({
        bytes: databaseBytes() + reserve.bytes() + logBytes(),
      })),
    health: () =>
      writing("the database cannot be written", async () => {
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
