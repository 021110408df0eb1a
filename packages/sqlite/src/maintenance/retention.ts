import { createTurns, type SpanCount } from "@spanstore/core/engine";
import { whenUnlocked } from "../connection/locks.js";
import type { Space } from "../schema/space.js";
import { isFull, type Reserve } from "./reserve.js";
import { type Batch, createRetentionSteps } from "./retention-steps.js";

const maxUnixNano = 0xffffffffffffffffn;

export interface Retention {
  /** @returns the number of deleted spans and of their bytes. */
  readonly deleteBefore: (timeUnixNano: bigint) => Promise<SpanCount>;
  /** Like `deleteBefore`, but changes nothing when no span is old enough. */
  readonly expire: (timeUnixNano: bigint) => Promise<SpanCount>;
  readonly purge: () => Promise<void>;
  /** Whether a deletion on a full disk is using the reserve. Writes must fail then, or they would use it up. */
  readonly usesReserve: () => boolean;
}

/** The bytes that a space occupies. */
export interface Occupied {
  readonly databaseBytes: () => number;
  readonly logBytes: () => number;
}

/** Moving a shorter log is not worth the wait for the disk. */
const shortLog = 1024 * 1024;

export function createRetention(
  space: Space,
  reserve: Reserve,
  { databaseBytes, logBytes }: Occupied,
): Retention {
  const steps = space.of((db) => createRetentionSteps(db, space.blocks));
  let usesReserve = false;

  /** Runs one transaction; on a full disk gives up the reserve and retries. */
  const step = async <T>(work: () => T): Promise<T> => {
    try {
      return await whenUnlocked(work);
    } catch (error) {
      if (!isFull(error) || usesReserve || !reserve.giveUp()) throw error;
      usesReserve = true;
      steps().emptyLog();
    }
    return whenUnlocked(work);
  };
  /** Runs a deletion, then returns the freed room to the file system and restores the reserve. */
  const deleting = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      const result = await work();
      await giveBack();
      return result;
    } finally {
      if (usesReserve || logBytes() > shortLog) steps().emptyLog();
      usesReserve = false;
      reserve.keep(databaseBytes());
    }
  };

  const giveBack = async (): Promise<void> => {
    const turns = createTurns();
    while (await step(() => steps().giveBack())) {
      if (usesReserve) steps().emptyLog();
      await turns();
    }
  };

  const purge = (): Promise<void> => deleting(() => step(() => steps().removeAll()));

  const deleteBefore = async (timeUnixNano: bigint): Promise<SpanCount> => {
    if (timeUnixNano <= 0n) return { spans: 0, bytes: 0 };
    let spans = 0;
    let bytes = 0;
    const turns = createTurns();
    const inBatches = async (start: number, remove: (after: number) => Batch): Promise<void> => {
      for (let batch: Batch = { removed: { spans: 0, bytes: 0 }, next: start }; batch.next !== undefined; ) {
        const after = batch.next;
        batch = await step(() => remove(after));
        spans += batch.removed.spans;
        bytes += batch.removed.bytes;
        if (batch.removed.spans > 0) await step(() => steps().giveBack());
        if (usesReserve) steps().emptyLog();
        await turns();
      }
    };
    // Every span is older.
    if (timeUnixNano > maxUnixNano) {
      await purge();
      return { spans, bytes };
    }
    const last = steps().lastIdBefore(timeUnixNano);
    const firstNewBlock = steps().lastBlock();
    await deleting(async () => {
      await inBatches(-1, (after) => steps().removeBatch(timeUnixNano, after, last));
      await inBatches(firstNewBlock, (after) => steps().removeLatecomers(timeUnixNano, after));
    });
    return { spans, bytes };
  };

  return {
    deleteBefore,
    expire: async (timeUnixNano) => {
      const oldest = steps().oldestId();
      return oldest === undefined || oldest > steps().lastIdBefore(timeUnixNano)
        ? { spans: 0, bytes: 0 }
        : deleteBefore(timeUnixNano);
    },
    purge,
    usesReserve: () => usesReserve,
  };
}
