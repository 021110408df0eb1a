import type { EngineReader } from "../../store/contract/engine.js";
import { createRollupTally } from "./rollup-tally.js";
import { createTraceLedger, type LedgerSource } from "./trace-ledger.js";

/** Counts spans by minute, service, operation, kind, status and latency; see {@link createTraceLedger}. */
export function createRollupLedger(
  source: LedgerSource,
  tracesPerReview?: number,
): NonNullable<EngineReader["rollups"]> {
  const ledger = createTraceLedger(source, createRollupTally, tracesPerReview);
  return ({ startTimeUnixNano, endTimeUnixNano }, signal, reading) =>
    ledger(startTimeUnixNano, (tally) => tally.rollups(startTimeUnixNano, endTimeUnixNano), signal, reading);
}
