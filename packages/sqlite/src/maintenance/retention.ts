import { createTurns, type SpanCount } from "@spanstore/core/engine";
import { whenUnlocked } from "../connection/locks.js";
import type { Space } from "../schema/space.js";
import { type Batch, createRetentionSteps } from "./retention-steps.js";

const maxUnixNano = 0xffffffffffffffffn;

export interface Retention {
  /** @returns how much went. */
  readonly deleteBefore: (timeUnixNano: bigint) => Promise<SpanCount>;
  /** The same, and nothing at all when no span is as old. */
  readonly expire: (timeUnixNano: bigint) => Promise<SpanCount>;
  readonly purge: () => Promise<void>;
}

export function createRetention(space: Space): Retention {
  const steps = space.of((db) => createRetentionSteps(db, space.blocks));

  const giveBack = async (): Promise<void> => {
    const turns = createTurns();
    while (await whenUnlocked(() => steps().giveBack())) await turns();
  };

  const purge = async (): Promise<void> => {
    await whenUnlocked(() => steps().removeAll());
    await giveBack();
  };

  const deleteBefore = async (timeUnixNano: bigint): Promise<SpanCount> => {
    if (timeUnixNano <= 0n) return { spans: 0, bytes: 0 };
    let spans = 0;
    let bytes = 0;
    const turns = createTurns();
    const inBatches = async (start: number, remove: (after: number) => Batch): Promise<void> => {
      for (let batch: Batch = { removed: { spans: 0, bytes: 0 }, next: start }; batch.next !== undefined; ) {
        const after = batch.next;
        batch = await whenUnlocked(() => remove(after));
        spans += batch.removed.spans;
        bytes += batch.removed.bytes;
        if (batch.removed.spans > 0) await whenUnlocked(() => steps().giveBack());
        await turns();
      }
    };
    // Later than every span there can be.
    if (timeUnixNano > maxUnixNano) {
      await purge();
      return { spans, bytes };
    }
    const last = steps().lastIdBefore(timeUnixNano);
    const firstNewBlock = steps().lastBlock();
    await inBatches(-1, (after) => steps().removeBatch(timeUnixNano, after, last));
    await inBatches(firstNewBlock, (after) => steps().removeLatecomers(timeUnixNano, after));
    if (spans > 0) await giveBack();
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
  };
}
