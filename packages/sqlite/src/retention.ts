import { type Fragment, spansSince } from "@spanstore/core";
import type { Database as Connection } from "better-sqlite3";
import { decodeIds } from "./blocks.js";
import { createFragmentReader, type Place, placeColumns } from "./fragments.js";
import { lastIdUntil } from "./ids.js";
import { createTurns } from "./turns.js";
import { contentHash, storedTime } from "./write.js";

/** Fragments removed in one transaction, so that writes get their turn in between. */
const fragmentsPerBatch = 500;
/** Blocks looked through in one transaction for spans that came while others were deleted. */
const blocksPerBatch = 100;
/** Pages given back to the file system after a batch. */
const pagesPerBatch = 2000;
const maxUnixNano = 0xffffffffffffffffn;

export interface Retention {
  readonly deleteBefore: (timeUnixNano: bigint) => Promise<void>;
  readonly purge: () => void;
}

export function createRetention(db: Connection): Retention {
  const reader = createFragmentReader(db);
  const upTo = db.prepare(
    `SELECT ${placeColumns} FROM fragment f WHERE f.id > ? AND f.id <= ? ORDER BY f.id LIMIT ${fragmentsPerBatch}`,
  );
  const removeFragment = db.prepare("DELETE FROM fragment WHERE id = ?");
  const removeTraceFragment = db.prepare("DELETE FROM trace_fragment WHERE trace_id = ? AND hash = ?");
  const insertTraceFragment = db.prepare(
    "INSERT INTO trace_fragment (trace_id, hash, id) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
  );
  const cutFragment = db.prepare("UPDATE fragment SET cut = ? WHERE id = ?");
  const removeTerms = db.prepare("DELETE FROM term WHERE rowid = ?");
  const removeOperations = db.prepare("DELETE FROM operation WHERE (newest < 0, newest) < (? < 0, ?)");
  const idsOfBlock = db.prepare("SELECT fragment_ids FROM block WHERE id = ?").pluck();
  const removeBlock = db.prepare("DELETE FROM block WHERE id = ?");
  const displacement = db.prepare("SELECT value FROM counter WHERE name = 'displacement'").pluck();
  const lastBlock = db.prepare("SELECT seq FROM sqlite_sequence WHERE name = 'block'").pluck();
  const newBlocks = db.prepare(
    `SELECT id, fragment_ids AS ids FROM block WHERE id > ? ORDER BY id LIMIT ${blocksPerBatch}`,
  );
  const raiseGeneration = db.prepare("UPDATE counter SET value = value + 1 WHERE name = 'generation'");

  const removeWhole = (id: number, { traceId, encoded }: Fragment): void => {
    removeFragment.run(id);
    removeTraceFragment.run(Buffer.from(traceId, "hex"), contentHash(encoded));
    removeTerms.run(id);
  };

  /** What is left stays where it is, and is known by its own hash from now on. */
  const cutOff = (id: number, { traceId, encoded }: Fragment, remainder: Uint8Array, time: bigint): void => {
    const trace = Buffer.from(traceId, "hex");
    cutFragment.run(String(time), id);
    removeTraceFragment.run(trace, contentHash(encoded));
    if (insertTraceFragment.run(trace, contentHash(remainder), id).changes === 1) return;
    // The same spans stand in another fragment too.
    removeFragment.run(id);
    removeTerms.run(id);
  };

  /** A block goes when none of its fragments is left in it. */
  const removeEmptyBlocks = (blockIds: Iterable<number>): void => {
    for (const blockId of blockIds) {
      const ids = idsOfBlock.get(blockId) as Buffer | undefined;
      if (ids === undefined) continue;
      if (!decodeIds(ids).some((id) => reader.placeOf(id)?.blockId === blockId)) removeBlock.run(blockId);
    }
  };

  const removeOldSpans = (places: readonly Place[], time: bigint): void => {
    const blocks = new Set<number>();
    for (const place of places) {
      const fragment = reader.load([place])[0];
      if (fragment === undefined) continue;
      const remainder = spansSince(fragment.encoded, time);
      if (remainder === fragment.encoded) continue;
      if (remainder === undefined) removeWhole(place.id, fragment);
      else cutOff(place.id, fragment, remainder, time);
      blocks.add(place.blockId);
    }
    removeEmptyBlocks(blocks);
    if (blocks.size > 0) raiseGeneration.run();
  };

  /** @returns the id that the next batch comes after, or undefined when there is none. */
  const removeBatch = db.transaction((time: bigint, after: number, last: number): number | undefined => {
    const places = upTo.all(after, last) as Place[];
    removeOldSpans(places, time);
    return places.length < fragmentsPerBatch ? undefined : (places[places.length - 1] as Place).id;
  }).immediate;

  /**
   * Old spans that were written behind the batches' back go too; when no more came, the operations go in the
   * same transaction, so that none is missing whose spans are there.
   * @returns the block that the next batch comes after, or undefined when there is none.
   */
  const removeLatecomers = db.transaction((time: bigint, afterBlock: number): number | undefined => {
    const blocks = newBlocks.all(afterBlock) as { id: number; ids: Buffer }[];
    const last = lastIdUntil(time, displacement.get() as number);
    const ids = blocks.flatMap((block) => decodeIds(block.ids)).filter((id) => id <= last);
    removeOldSpans(
      ids.map(reader.placeOf).filter((place) => place !== undefined),
      time,
    );
    if (blocks.length === blocksPerBatch) return blocks[blocks.length - 1]?.id;
    const stored = storedTime(time);
    removeOperations.run(stored, stored);
    raiseGeneration.run();
    return undefined;
  }).immediate;

  const purge = db.transaction(() => {
    db.exec(`
      DELETE FROM fragment;
      DELETE FROM trace_fragment;
      DELETE FROM block;
      INSERT INTO term (term) VALUES ('delete-all');
      DELETE FROM operation;
      UPDATE counter SET value = 0 WHERE name = 'displacement';
      UPDATE counter SET value = value + 1 WHERE name = 'generation';
    `);
  }).immediate;

  return {
    deleteBefore: async (timeUnixNano) => {
      if (timeUnixNano <= 0n) return;
      // Later than every span there can be.
      if (timeUnixNano > maxUnixNano) return purge();
      const last = lastIdUntil(timeUnixNano, displacement.get() as number);
      const turns = createTurns();
      const firstNewBlock = (lastBlock.get() as number | undefined) ?? 0;
      for (let after: number | undefined = -1; after !== undefined; ) {
        after = removeBatch(timeUnixNano, after, last);
        db.pragma(`incremental_vacuum(${pagesPerBatch})`);
        await turns();
      }
      for (let after: number | undefined = firstNewBlock; after !== undefined; ) {
        after = removeLatecomers(timeUnixNano, after);
        await turns();
      }
    },
    purge,
  };
}
