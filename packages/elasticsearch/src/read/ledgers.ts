import {
  createCallLedger,
  createRollupLedger,
  type EngineReader,
  type LedgerSource,
  uncounted,
} from "@spanstore/core/engine";
import type { Control } from "../coordination/control.js";
import type { Naming } from "../schema/naming.js";
import type { Query } from "../terms/lower.js";
import type { KeptFragments } from "./kept.js";

const fragmentsPerPage = 512;

export interface LedgerParts {
  readonly kept: KeptFragments;
  readonly naming: Naming;
  readonly control: Control;
  readonly reader: Pick<EngineReader, "sequence" | "candidates" | "fragments">;
}

/** Counts calls between services, and spans by minute. */
export function createLedgers({
  kept,
  naming,
  control,
  reader,
}: LedgerParts): Pick<Required<EngineReader>, "dependencies" | "rollups"> {
  const source: LedgerSource = {
    ...reader,
    generation: control.generation,
    async *tracesWritten(after, upTo, signal, reading = uncounted) {
      const options = { signal, doing: "cannot count spans", hold: reading.part() };
      const body = { query: writtenBetween(after, upTo), _source: true };
      for await (const hits of kept.pages(naming.pattern, body, () => fragmentsPerPage, options)) {
        yield hits.map((hit) => kept.of(hit).traceId);
      }
    },
  };
  return { dependencies: createCallLedger(source), rollups: createRollupLedger(source) };
}

/** Fragments of writes after one number and up to another. */
export function writtenBetween(after: number, upTo: number): Query {
  return { bool: { filter: [{ range: { sequence: { gt: after, lte: upTo } } }] } };
}
