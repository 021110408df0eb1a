import { hash } from "node:crypto";
import {
  createSeenSet,
  type SeenOperation,
  type Split,
  splitByTrace,
  type TraceFragment,
} from "@spanstore/core/engine";
import type { Database as Connection } from "better-sqlite3";
import { compressBlock, encodeIds, targetBlockBytes, traceIdBytes } from "../schema/blocks.js";
import { checksumOf } from "../schema/checksum.js";
import { newestInWindow, windowMillis, windowOf, windowOfId } from "../schema/ids.js";
import { createSegmentWriter, type IndexedFragment } from "../terms/segments.js";
import { createPlaces } from "./places.js";

/** The most operations whose newest start is cached, so that most transactions do not touch their rows. */
const maxKnownOperations = 20_000;

/** A request, split into fragments and ready to write. */
export interface PreparedWrite {
  readonly split: Split;
  readonly fragments: readonly PreparedFragment[];
}

interface PreparedFragment {
  readonly fragment: TraceFragment;
  readonly window: number;
  readonly hash: Buffer;
}

/**
 * Splits a request before its transaction begins, to keep the transaction short.
 * @throws INVALID_TRACES when the bytes are no OTLP.
 */
export function prepareWrite(encoded: Uint8Array): PreparedWrite {
  const split = splitByTrace(encoded, { maxExtentMillis: windowMillis });
  return { split, fragments: split.fragments.map(prepareFragment) };
}

function prepareFragment(fragment: TraceFragment): PreparedFragment {
  return { fragment, window: windowOf(fragment.newestStartUnixNano), hash: contentHash(fragment.encoded) };
}

/** Identifies a fragment within its trace: the same hash means the same content, sent again. */
export function contentHash(encoded: Uint8Array): Buffer {
  return hash("sha1", encoded, "buffer").subarray(0, 8);
}

/** Writes prepared requests in one transaction and skips fragments that are stored already. */
export type WriteGroup = (writes: readonly PreparedWrite[]) => void;

export function createWriteGroup(db: Connection): WriteGroup {
  const insertTraceFragment = db.prepare(
    "INSERT INTO trace_fragment (trace_id, hash, id) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
  );
  const insertFragment = db.prepare(
    "INSERT INTO fragment (id, block_id, offset, length, newest) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
  );
  const moveTraceFragment = db.prepare("UPDATE trace_fragment SET id = ? WHERE trace_id = ? AND hash = ?");
  const insertBlock = db.prepare(
    "INSERT INTO block (id, size, fragment_ids, data, checksum) VALUES (?, ?, ?, ?, ?)",
  );
  const lastBlockId = db.prepare("SELECT seq FROM sqlite_sequence WHERE name = 'block'").pluck();
  const raiseDisplacement = db.prepare(
    "UPDATE counter SET value = max(value, ?) WHERE name = 'displacement'",
  );
  const segments = createSegmentWriter(db);
  const operations = createOperationNotes(db);
  const places = createPlaces(db);

  /** @returns the fragment's new id, or undefined when it is stored already. */
  const place = (
    { fragment, window, hash }: PreparedFragment,
    blockId: number,
    offset: number,
  ): number | undefined => {
    let id = places.next(window);
    if (insertTraceFragment.run(fragment.traceId, hash, id).changes === 0) {
      places.forget(window);
      return undefined;
    }
    const { length } = fragment.encoded;
    const newestAt = (at: number) => newestInWindow(fragment.newestStartUnixNano, windowOfId(at));
    while (insertFragment.run(id, blockId, offset, length, newestAt(id)).changes === 0) {
      // Another process took the id after it was cached.
      places.forget(window);
      id = places.next(window);
      moveTraceFragment.run(id, fragment.traceId, hash);
    }
    if (windowOfId(id) > window) raiseDisplacement.run(windowOfId(id) - window);
    return id;
  };

  const writeAll = db.transaction((writes: readonly PreparedWrite[]) => {
    const fragments = writes.flatMap((write) => write.fragments);
    fragments.sort((a, b) => a.window - b.window);
    const indexed: IndexedFragment[] = [];
    let blockId = ((lastBlockId.get() as number | undefined) ?? 0) + 1;
    let pending: Uint8Array[] = [];
    let pendingIds: number[] = [];
    let size = 0;
    const flush = (): void => {
      if (size === 0) return;
      const data = compressBlock(Buffer.concat(pending, size));
      insertBlock.run(blockId, size, encodeIds(pendingIds), data, checksumOf(data));
      blockId++;
      pending = [];
      pendingIds = [];
      size = 0;
    };
    for (const prepared of fragments) {
      const { traceId, encoded } = prepared.fragment;
      const id = place(prepared, blockId, size);
      if (id === undefined) continue;
      pending.push(traceId, encoded);
      pendingIds.push(id);
      size += traceIdBytes + encoded.length;
      indexed.push({ id, terms: prepared.fragment.terms });
      if (size >= targetBlockBytes) flush();
    }
    flush();
    segments.add(indexed.sort((a, b) => a.id - b.id));
    operations.note(writes.flatMap((write) => write.split.operations));
  }).immediate;
  return (writes) => {
    let durable = false;
    try {
      writeAll(writes);
      durable = true;
    } finally {
      operations.settle(durable);
    }
  };
}

/** Stores each operation's newest start; writes a row only when it changed. */
interface OperationNotes {
  readonly note: (operations: readonly SeenOperation[]) => void;
  /** Ends a transaction: confirms its notes in the cache when they are durable, else drops them. */
  readonly settle: (durable: boolean) => void;
}

function createOperationNotes(db: Connection): OperationNotes {
  const upsert = db.prepare(
    `INSERT INTO operation (service, name, kind, newest) VALUES (?, ?, ?, ?)
     ON CONFLICT DO UPDATE SET newest = excluded.newest
     WHERE (excluded.newest < 0, excluded.newest) > (newest < 0, newest)`,
  );
  const generationNow = db.prepare("SELECT value FROM counter WHERE name = 'generation'").pluck();
  const known = createSeenSet<bigint>(maxKnownOperations);
  const noted = new Map<string, bigint>();
  let generation = 0;
  return {
    note: (operations) => {
      generation = generationNow.get() as number;
      for (const [key, { service, name, spanKind, newestStartUnixNano }] of newestOfEach(operations)) {
        const newest = known.get(key, generation);
        if (newest !== undefined && newest >= newestStartUnixNano) continue;
        upsert.run(service, name, spanKind, storedTime(newestStartUnixNano));
        noted.set(key, newestStartUnixNano);
      }
    },
    settle: (durable) => {
      if (durable) known.confirm(noted, generation);
      noted.clear();
    },
  };
}

/** The newest start of each operation. Requests of one transaction mostly share their operations. */
function newestOfEach(operations: readonly SeenOperation[]): Map<string, SeenOperation> {
  const newest = new Map<string, SeenOperation>();
  for (const operation of operations) {
    const key = `${operation.spanKind}\n${operation.service}\n${operation.name}`;
    const seen = newest.get(key);
    if (seen === undefined || seen.newestStartUnixNano < operation.newestStartUnixNano)
      newest.set(key, operation);
  }
  return newest;
}

/** A time as SQLite's signed integer: times beyond 2262 are negative, and comparisons sort them last. */
export function storedTime(unixNano: bigint): bigint {
  return BigInt.asIntN(64, unixNano);
}
