import {
  createCallLedger,
  createRollupLedger,
  type EngineReader,
  type LedgerSource,
} from "@spanstore/core/engine";
import { storeError } from "../connection/errors.js";
import { decodeIds } from "../schema/blocks.js";
import type { Space } from "../schema/space.js";
import { createFragmentReader } from "./fragments.js";

const blocksPerBatch = 64;

/** Counts calls between services, and spans by minute. */
export function createLedgers(
  space: Space,
  reader: Pick<EngineReader, "sequence" | "candidates" | "fragments">,
): Pick<Required<EngineReader>, "dependencies" | "rollups"> {
  const statements = space.of((db) => ({
    fragments: createFragmentReader(db, space.blocks),
    /** Finds a second fragment of a trace. */
    isShared: db.prepare("SELECT 1 FROM trace_fragment WHERE trace_id = ? LIMIT 1 OFFSET 1").pluck(),
    generation: db.prepare("SELECT value FROM counter WHERE name = 'generation'").pluck(),
    blocks: db.prepare(
      `SELECT id, fragment_ids AS ids FROM block WHERE id > ? AND id <= ? ORDER BY id LIMIT ${blocksPerBatch}`,
    ),
  }));
  const source: LedgerSource = {
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
  };
  const dependencies = createCallLedger(source);
  const rollups = createRollupLedger(source);
  const counting = async <Answer>(answer: Promise<Answer>): Promise<Answer> => {
    try {
      return await answer;
    } catch (error) {
      throw storeError(error, "cannot count spans");
    }
  };
  return {
    dependencies: (query, signal, reading) => counting(dependencies(query, signal, reading)),
    rollups: (range, signal, reading) => counting(rollups(range, signal, reading)),
  };
}
