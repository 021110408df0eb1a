import { type Fragment, spansSince } from "@spanstore/core/engine";
import type { Database as Connection } from "better-sqlite3";
import { decompressBlock, traceIdBytes } from "../schema/blocks.js";
import type { SpaceCache } from "../schema/space-cache.js";

/** The row of a fragment: where its bytes are, and when its newest span starts. */
export interface Place {
  readonly id: number;
  readonly blockId: number;
  readonly offset: number;
  readonly length: number;
  readonly newest: number;
  /** Spans that started before this time are deleted. Decimal nanoseconds, since a number is too small. */
  readonly cut: string | null;
}

/** The columns of a {@link Place}, from the table `fragment` under the alias `f`. */
export const placeColumns = "f.id, f.block_id AS blockId, f.offset, f.length, f.newest, f.cut";

/** Reads fragments from their blocks and skips deleted ones. */
export interface FragmentReader {
  readonly load: (places: readonly Place[]) => Fragment[];
  readonly loadIds: (ids: readonly number[]) => Fragment[];
  readonly placesOf: (ids: readonly number[]) => Place[];
  readonly placeOf: (id: number) => Place | undefined;
  /** Ascending, which is roughly the order of time. */
  readonly idsOfTrace: (traceId: Uint8Array) => number[];
}

export function createFragmentReader(db: Connection, blocks: SpaceCache<Buffer>): FragmentReader {
  const place = db.prepare(`SELECT ${placeColumns} FROM fragment f WHERE f.id = ?`);
  const ofTrace = db.prepare("SELECT id FROM trace_fragment WHERE trace_id = ?").pluck();
  const block = db.prepare("SELECT size, data, checksum FROM block WHERE id = ?");
  const loadBlock = (id: number): Buffer | undefined => {
    const row = block.get(id) as { size: number; data: Buffer; checksum: number | null } | undefined;
    return row === undefined ? undefined : decompressBlock(row.data, row.size, row.checksum);
  };

  const load = (places: readonly Place[]): Fragment[] => {
    const fragments: Fragment[] = [];
    for (const { blockId, offset, length, cut } of places) {
      const bytes = blocks(blockId, loadBlock);
      if (bytes === undefined) continue;
      const start = offset + traceIdBytes;
      const whole = bytes.subarray(start, start + length);
      const encoded = cut === null ? whole : spansSince(whole, BigInt(cut));
      if (encoded === undefined) continue;
      // Block ids ascend in the order of writes.
      fragments.push({ traceId: bytes.toString("hex", offset, start), encoded, sequence: blockId });
    }
    return fragments;
  };
  const placeOf = (id: number): Place | undefined => place.get(id) as Place | undefined;
  const placesOf = (ids: readonly number[]): Place[] =>
    ids.map(placeOf).filter((found) => found !== undefined);

  return {
    load,
    loadIds: (ids) => load(placesOf(ids)),
    placesOf,
    placeOf,
    idsOfTrace: (traceId) => (ofTrace.all(traceId) as number[]).sort((a, b) => a - b),
  };
}
