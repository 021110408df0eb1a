import { createHash } from "node:crypto";
import { type SeenOperation, type Split, splitByTrace, type TraceFragment } from "@spanstore/core";
import type { Database as Connection } from "better-sqlite3";
import { compressBlock, targetBlockBytes } from "./blocks.js";
import { termDocument } from "./lower.js";
import { candidateIds, displacementOf, maxExtentMillis, preferredId } from "./row-ids.js";

/** Operations whose newest start is remembered, so that most transactions need not touch their rows. */
const maxKnownOperations = 20_000;

/** A request taken apart, ready to be written. */
export interface PreparedWrite {
  readonly split: Split;
  readonly fragments: readonly PreparedFragment[];
}

interface PreparedFragment {
  readonly fragment: TraceFragment;
  readonly preferredId: bigint;
  readonly hash: Buffer;
}

/**
 * Takes a request apart before its transaction begins.
 * @throws INVALID_TRACES when the bytes are no OTLP.
 */
export function prepareWrite(encoded: Uint8Array): PreparedWrite {
  const split = splitByTrace(encoded, { maxExtentMillis });
  return { split, fragments: split.fragments.map(prepareFragment) };
}

function prepareFragment(fragment: TraceFragment): PreparedFragment {
  const hash = createHash("sha1").update(fragment.encoded).digest();
  return { fragment, preferredId: preferredId(fragment.newestStartUnixNano, hash), hash };
}

/** Writes prepared requests in one transaction; what was written before is passed over. */
export type WriteGroup = (writes: readonly PreparedWrite[]) => void;

export function createWriteGroup(db: Connection): WriteGroup {
  const insertFragment = db.prepare(
    `INSERT INTO fragment (id, trace_id, block_id, offset, length, hash)
     VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
  );
  const hashAt = db.prepare("SELECT hash FROM fragment WHERE id = ?").pluck();
  const insertTerms = db.prepare("INSERT INTO term (rowid, terms) VALUES (?, ?)");
  const insertBlock = db.prepare("INSERT INTO block (id, size, fragment_ids, data) VALUES (?, ?, ?, ?)");
  const lastBlockId = db.prepare("SELECT seq FROM sqlite_sequence WHERE name = 'block'").pluck();
  const raiseDisplacement = db.prepare(
    "UPDATE counter SET value = ?1 WHERE name = 'displacement' AND value < ?1",
  );
  const noteOperations = createOperationNotes(db);

  /** @returns the id it was given, or undefined for a fragment that is there already. */
  const place = (prepared: PreparedFragment, blockId: number, offset: number): bigint | undefined => {
    const { fragment, hash } = prepared;
    const kept = hash.subarray(3, 11);
    for (const id of candidateIds(fragment.newestStartUnixNano, hash)) {
      const { changes } = insertFragment.run(
        id,
        fragment.traceId,
        blockId,
        offset,
        fragment.encoded.length,
        kept,
      );
      if (changes === 1) {
        const displacement = displacementOf(id, fragment.newestStartUnixNano);
        if (displacement > 0n) raiseDisplacement.run(displacement);
        return id;
      }
      if (kept.equals(hashAt.get(id) as Buffer)) return undefined;
    }
    return undefined;
  };

  return db.transaction((writes: readonly PreparedWrite[]) => {
    const fragments = writes.flatMap((write) => write.fragments);
    // In the order of ids the index is appended to; out of order it would flush early.
    fragments.sort((a, b) => (a.preferredId < b.preferredId ? -1 : a.preferredId > b.preferredId ? 1 : 0));
    const terms: { id: bigint; document: Buffer }[] = [];
    let blockId = ((lastBlockId.get() as number | undefined) ?? 0) + 1;
    let pending: Uint8Array[] = [];
    let pendingIds: bigint[] = [];
    let size = 0;
    const flush = (): void => {
      if (size === 0) return;
      const ids = Buffer.alloc(pendingIds.length * 8);
      pendingIds.forEach((id, i) => {
        ids.writeBigInt64LE(id, i * 8);
      });
      insertBlock.run(blockId, size, ids, compressBlock(Buffer.concat(pending, size)));
      blockId++;
      pending = [];
      pendingIds = [];
      size = 0;
    };
    for (const prepared of fragments) {
      const id = place(prepared, blockId, size);
      if (id === undefined) continue;
      const { encoded } = prepared.fragment;
      pending.push(encoded);
      pendingIds.push(id);
      size += encoded.length;
      terms.push({ id, document: termDocument(prepared.fragment.terms) });
      if (size >= targetBlockBytes) flush();
    }
    flush();
    terms.sort((a, b) => (a.id < b.id ? -1 : 1));
    for (const { id, document } of terms) insertTerms.run(id, document);
    noteOperations(writes.flatMap((write) => write.split.operations));
  }).immediate;
}

/** Keeps each operation's newest start, touching its row only when that moved. */
function createOperationNotes(db: Connection): (operations: readonly SeenOperation[]) => void {
  const upsert = db.prepare(
    `INSERT INTO operation (service, name, kind, newest) VALUES (?, ?, ?, ?)
     ON CONFLICT DO UPDATE SET newest = excluded.newest WHERE excluded.newest > newest`,
  );
  const generationNow = db.prepare("SELECT value FROM counter WHERE name = 'generation'").pluck();
  const known = new Map<string, bigint>();
  let generation: unknown;
  return (operations) => {
    const now = generationNow.get();
    // A deletion, by whatever process, may have removed rows that are remembered here.
    if (now !== generation) known.clear();
    generation = now;
    for (const { service, name, spanKind, newestStartUnixNano } of operations) {
      const key = `${spanKind}\n${service}\n${name}`;
      const newest = known.get(key);
      if (newest !== undefined && newest >= newestStartUnixNano) continue;
      upsert.run(service, name, spanKind, storedTime(newestStartUnixNano));
      if (known.size >= maxKnownOperations) known.clear();
      known.set(key, newestStartUnixNano);
    }
  };
}

/** SQLite's integers are signed: the far future beyond 2262 is one time to it. */
export function storedTime(unixNano: bigint): bigint {
  return unixNano > 0x7fffffffffffffffn ? 0x7fffffffffffffffn : unixNano;
}
