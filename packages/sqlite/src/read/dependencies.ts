import { createCallLedger, type EngineReader } from "@spanstore/core/engine";
import { storeError } from "../connection/errors.js";
import { decodeIds } from "../schema/blocks.js";
import type { Space } from "../schema/space.js";
import { createFragmentReader } from "./fragments.js";

const blocksPerBatch = 64;

/** Counts calls between services. */
export function createDependencies(
  space: Space,
  reader: Pick<EngineReader, "sequence" | "candidates" | "fragments">,
): EngineReader["dependencies"] {
  const statements = space.of((db) => ({
    fragments: createFragmentReader(db, space.blocks),
    /** Of a trace of one fragment alone it is known at the second. */
    isShared: db.prepare("SELECT 1 FROM trace_fragment WHERE trace_id = ? LIMIT 1 OFFSET 1").pluck(),
    generation: db.prepare("SELECT value FROM counter WHERE name = 'generation'").pluck(),
    blocks: db.prepare(
      `SELECT id, fragment_ids AS ids FROM block WHERE id > ? AND id <= ? ORDER BY id LIMIT ${blocksPerBatch}`,
    ),
  }));
  const count = createCallLedger({
    ...reader,
    generation: async () => statements().generation.get() as number,
    isWholeTrace: ({ traceId }) => statements().isShared.get(Buffer.from(traceId, "hex")) === undefined,
    async *tracesWritten(after, upTo) {
      for (let last = after; last < upTo; ) {
        const { blocks, fragments } = statements();
        const found = blocks.all(last, upTo) as { id: number; ids: Buffer }[];
        yield found.flatMap(({ ids }) => fragments.loadIds(decodeIds(ids)).map(({ traceId }) => traceId));
        last = found[found.length - 1]?.id ?? upTo;
      }
    },
  });
  return async (query, signal) => {
    try {
      return await count(query, signal);
    } catch (error) {
      throw storeError(error, "cannot count calls");
    }
  };
}
