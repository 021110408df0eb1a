import { spansSince } from "@spanstore/core";
import type { Database as Connection } from "better-sqlite3";
import { createReader, type Place } from "./read.js";
import { firstIdAt, lastIdAt } from "./row-ids.js";
import { createTurns } from "./turns.js";
import { prepareWrite, storedTime, type WriteGroup } from "./write.js";

/** Fragments removed in one transaction, so that writes get their turn in between. */
const fragmentsPerBatch = 500;
/** Pages given back to the file system after a batch. */
const pagesPerBatch = 2000;

export interface Retention {
  readonly deleteBefore: (timeUnixNano: bigint) => Promise<void>;
  readonly purge: () => void;
}

export function createRetention(db: Connection, writeGroup: WriteGroup): Retention {
  const reader = createReader(db);
  const upTo = db
    .prepare(
      `SELECT f.id, f.trace_id, f.block_id, f.offset, f.length FROM fragment f
       WHERE f.id > ? AND f.id <= ? ORDER BY f.id LIMIT ${fragmentsPerBatch}`,
    )
    .safeIntegers();
  const removeFragment = db.prepare("DELETE FROM fragment WHERE id = ?");
  const removeTerms = db.prepare("DELETE FROM term WHERE rowid = ?");
  const removeOperations = db.prepare("DELETE FROM operation WHERE newest < ?");
  const idsOfBlock = db.prepare("SELECT fragment_ids FROM block WHERE id = ?").pluck();
  const isKept = db.prepare("SELECT 1 FROM fragment WHERE id = ? AND block_id = ?").pluck();
  const removeBlock = db.prepare("DELETE FROM block WHERE id = ?");
  const displacement = db.prepare("SELECT value FROM counter WHERE name = 'displacement'").pluck().safeIntegers();
  const raiseGeneration = db.prepare("UPDATE counter SET value = value + 1 WHERE name = 'generation'");

  /** A block goes when none of its fragments is left in it. */
  const removeEmptyBlocks = (blockIds: Iterable<bigint>): void => {
    for (const blockId of blockIds) {
      const ids = idsOfBlock.get(blockId) as Buffer | undefined;
      if (ids === undefined) continue;
      let kept = false;
      for (let at = 0; at < ids.length && !kept; at += 8) kept = isKept.get(ids.readBigInt64LE(at), blockId) === 1;
      if (!kept) removeBlock.run(blockId);
    }
  };

  const removeBatch = db.transaction((time: bigint, after: bigint, last: bigint): bigint | undefined => {
    const places = upTo.all(after, last) as Place[];
    const whollyOld = firstIdAt(time);
    const remainders: Uint8Array[] = [];
    const blocks = new Set<bigint>();
    for (const place of places) {
      if (place.id >= whollyOld) {
        const encoded = reader.load(place);
        const remainder = encoded === undefined ? undefined : spansSince(encoded, time);
        if (remainder !== undefined && remainder === encoded) continue;
        if (remainder !== undefined) remainders.push(remainder);
      }
      removeFragment.run(place.id);
      removeTerms.run(place.id);
      blocks.add(place.block_id);
    }
    // What is left of a fragment is written anew; within this transaction, so nobody sees it missing.
    if (remainders.length > 0) writeGroup(remainders.map(prepareWrite));
    removeEmptyBlocks(blocks);
    if (blocks.size > 0) raiseGeneration.run();
    return places.length < fragmentsPerBatch ? undefined : (places[places.length - 1] as Place).id;
  }).immediate;

  return {
    deleteBefore: async (timeUnixNano) => {
      const last = lastIdAt(timeUnixNano, displacement.get() as bigint);
      const turns = createTurns();
      for (let after: bigint | undefined = -1n; after !== undefined; ) {
        after = removeBatch(timeUnixNano, after, last);
        db.pragma(`incremental_vacuum(${pagesPerBatch})`);
        await turns();
      }
      removeOperations.run(storedTime(timeUnixNano));
      raiseGeneration.run();
    },
    purge: db.transaction(() => {
      db.exec(`
        DELETE FROM fragment;
        DELETE FROM block;
        INSERT INTO term (term) VALUES ('delete-all');
        DELETE FROM operation;
        UPDATE counter SET value = 0 WHERE name = 'displacement';
        UPDATE counter SET value = value + 1 WHERE name = 'generation';
      `);
    }).immediate,
  };
}
