import { countSpansBefore, type Fragment, type SpanCount, spansSince } from "@spanstore/core/engine";
import type { Database as Connection } from "better-sqlite3";
import { moveLog } from "../connection/log.js";
import { createFragmentReader, type Place, placeColumns } from "../read/fragments.js";
import { decodeIds } from "../schema/blocks.js";
import { lastIdUntil } from "../schema/ids.js";
import type { SpaceCache } from "../schema/space-cache.js";
import { createSegmentWriter, type Segment, segmentColumns } from "../terms/segments.js";
import { contentHash, storedTime } from "../write/write.js";

/** Fragments looked at in one transaction; writes get the lock between two. */
const fragmentsPerBatch = 500;
/** Blocks searched in one transaction for old spans that arrived during the deletion. */
const blocksPerBatch = 100;
/** Free pages that one vacuum step returns to the file system. */
const pagesPerBatch = 2000;

/** The outcome of one transaction. */
export interface Batch {
  readonly removed: SpanCount;
  /** Where the next batch begins; undefined after the last. */
  readonly next: number | undefined;
}

/** Deletes in short transactions; writes get the lock between two. */
export interface RetentionSteps {
  /** Removes old spans from the next fragments with ids in (`after`, `last`]. */
  readonly removeBatch: (timeUnixNano: bigint, after: number, last: number) => Batch;
  readonly removeLatecomers: (timeUnixNano: bigint, afterBlock: number) => Batch;
  readonly removeAll: () => void;
  /**
   * Returns some free pages to the file system.
   * @returns whether more are left.
   */
  readonly giveBack: () => boolean;
  /** Moves the log into the file and truncates it, unless a read or another program holds it. */
  readonly emptyLog: () => void;
  /** The largest id of a fragment that can hold a span from before this time. */
  readonly lastIdBefore: (timeUnixNano: bigint) => number;
  readonly lastBlock: () => number;
  readonly oldestId: () => number | undefined;
}

export function createRetentionSteps(db: Connection, blocks: SpaceCache<Buffer>): RetentionSteps {
  const reader = createFragmentReader(db, blocks);
  const upTo = db.prepare(
    `SELECT ${placeColumns} FROM fragment f WHERE f.id > ? AND f.id <= ? ORDER BY f.id LIMIT ${fragmentsPerBatch}`,
  );
  const removeFragment = db.prepare("DELETE FROM fragment WHERE id = ?");
  const removeTraceFragment = db.prepare("DELETE FROM trace_fragment WHERE trace_id = ? AND hash = ?");
  const insertTraceFragment = db.prepare(
    "INSERT INTO trace_fragment (trace_id, hash, id) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
  );
  const cutFragment = db.prepare("UPDATE fragment SET cut = ? WHERE id = ?");
  // Schema versions before 3 index fragments in this table instead of segments.
  const removeTerms = db.prepare("DELETE FROM term WHERE rowid = ?");
  const removeOperations = db.prepare("DELETE FROM operation WHERE (newest < 0, newest) < (? < 0, ?)");
  const idsOfBlock = db.prepare("SELECT fragment_ids FROM block WHERE id = ?").pluck();
  const removeBlock = db.prepare("DELETE FROM block WHERE id = ?");
  const displacement = db.prepare("SELECT value FROM counter WHERE name = 'displacement'").pluck();
  const lastBlock = db.prepare("SELECT seq FROM sqlite_sequence WHERE name = 'block'").pluck();
  const newBlocks = db.prepare(
    `SELECT id, fragment_ids AS ids FROM block WHERE id > ? ORDER BY id LIMIT ${blocksPerBatch}`,
  );
  const oldestId = db.prepare("SELECT min(id) FROM fragment").pluck();
  const segments = createSegmentWriter(db);
  const olderSegments = db.prepare(`SELECT ${segmentColumns} FROM segment WHERE last_id <= ?`);
  const oneBetween = db.prepare("SELECT 1 FROM fragment WHERE id BETWEEN ? AND ? LIMIT 1").pluck();
  const raiseGeneration = db.prepare("UPDATE counter SET value = value + 1 WHERE name = 'generation'");

  const removeWhole = (id: number, { traceId, encoded }: Fragment): void => {
    removeFragment.run(id);
    removeTraceFragment.run(Buffer.from(traceId, "hex"), contentHash(encoded));
    removeTerms.run(id);
  };

  /** Leaves the bytes in place, notes the cut, and files the fragment under the hash of its remaining content. */
  const cutOff = (id: number, { traceId, encoded }: Fragment, remainder: Uint8Array, time: bigint): void => {
    const trace = Buffer.from(traceId, "hex");
    cutFragment.run(String(time), id);
    removeTraceFragment.run(trace, contentHash(encoded));
    if (insertTraceFragment.run(trace, contentHash(remainder), id).changes === 1) return;
    // Another fragment has the same spans.
    removeFragment.run(id);
    removeTerms.run(id);
  };

  /** Removes blocks without remaining fragments. */
  const removeEmptyBlocks = (blockIds: Iterable<number>): void => {
    for (const blockId of blockIds) {
      const ids = idsOfBlock.get(blockId) as Buffer | undefined;
      if (ids === undefined) continue;
      if (!decodeIds(ids).some((id) => reader.placeOf(id)?.blockId === blockId)) removeBlock.run(blockId);
    }
  };

  /** Removes segments without remaining fragments in their range of ids. */
  const removeEmptySegments = (last: number): void => {
    for (const { id, firstId, lastId } of olderSegments.all(last) as Segment[]) {
      if (oneBetween.get(firstId, lastId) === undefined) segments.remove(id);
    }
  };

  const removeOldSpans = (places: readonly Place[], time: bigint): SpanCount => {
    let spans = 0;
    let bytes = 0;
    const blocks = new Set<number>();
    for (const place of places) {
      const fragment = reader.load([place])[0];
      if (fragment === undefined) continue;
      const remainder = spansSince(fragment.encoded, time);
      if (remainder === fragment.encoded) continue;
      const count = countSpansBefore(fragment.encoded, time);
      spans += count.spans;
      bytes += count.bytes;
      if (remainder === undefined) removeWhole(place.id, fragment);
      else cutOff(place.id, fragment, remainder, time);
      blocks.add(place.blockId);
    }
    removeEmptyBlocks(blocks);
    if (blocks.size > 0) raiseGeneration.run();
    return { spans, bytes };
  };

  const removeBatch = db.transaction((time: bigint, after: number, last: number): Batch => {
    const places = upTo.all(after, last) as Place[];
    const removed = removeOldSpans(places, time);
    const next = places.length < fragmentsPerBatch ? undefined : (places[places.length - 1] as Place).id;
    removeEmptySegments(next ?? last);
    return { removed, next };
  }).immediate;

  /**
   * Removes old spans that were written during the batches. The last transaction removes the operations, so an operation stays
   * listed as long as its spans exist.
   */
  const removeLatecomers = db.transaction((time: bigint, afterBlock: number): Batch => {
    const blocks = newBlocks.all(afterBlock) as { id: number; ids: Buffer }[];
    const last = lastIdUntil(time, displacement.get() as number);
    const ids = blocks.flatMap((block) => decodeIds(block.ids)).filter((id) => id <= last);
    const removed = removeOldSpans(
      ids.map(reader.placeOf).filter((place) => place !== undefined),
      time,
    );
    if (blocks.length === blocksPerBatch) return { removed, next: blocks[blocks.length - 1]?.id };
    const stored = storedTime(time);
    removeOperations.run(stored, stored);
    raiseGeneration.run();
    return { removed, next: undefined };
  }).immediate;

  const freePages = db.prepare("SELECT freelist_count FROM pragma_freelist_count").pluck();
  const removeAll = db.transaction(() => {
    db.exec(`
      DELETE FROM fragment;
      DELETE FROM trace_fragment;
      DELETE FROM block;
      DELETE FROM segment;
      DELETE FROM segment_page;
      INSERT INTO term (term) VALUES ('delete-all');
      DELETE FROM operation;
      UPDATE counter SET value = 0 WHERE name = 'displacement';
      UPDATE counter SET value = value + 1 WHERE name = 'generation';
    `);
  }).immediate;

  return {
    removeBatch,
    removeLatecomers,
    removeAll,
    giveBack: () => {
      const before = freePages.get() as number;
      if (before === 0) return false;
      db.pragma(`incremental_vacuum(${pagesPerBatch})`);
      const left = freePages.get() as number;
      return left > 0 && left < before;
    },
    emptyLog: () => moveLog(db),
    lastIdBefore: (time) => lastIdUntil(time, displacement.get() as number),
    lastBlock: () => (lastBlock.get() as number | undefined) ?? 0,
    oldestId: () => (oldestId.get() as number | null) ?? undefined,
  };
}
