import type { EngineReader } from "../../store/contract/engine.js";
import { scanCalls } from "../../store/reading/dependencies.js";
import { bucketStart, createCallBuckets } from "./call-buckets.js";
import { createTraceLedger, type LedgerSource, type TraceTally } from "./trace-ledger.js";

/** Counts the calls between services by minute; see {@link createTraceLedger}. */
export function createCallLedger(
  source: LedgerSource,
  tracesPerReview?: number,
): EngineReader["dependencies"] {
  const ledger = createTraceLedger(source, createCallTally, tracesPerReview);
  return (query, signal, reading) =>
    ledger(bucketStart(query.startTimeUnixNano), ({ countWithin }) => countWithin(query), signal, reading);
}

function createCallTally() {
  const buckets = createCallBuckets();
  const scan: TraceTally["scan"] = (trace, from, to) => {
    const { calls, oldestStartUnixNano } = scanCalls(trace.map(({ encoded }) => encoded));
    const within = calls.filter(
      ({ startTimeUnixNano }) => startTimeUnixNano >= from && startTimeUnixNano < to,
    );
    return {
      oldestStartUnixNano,
      add: () => {
        for (const call of within) buckets.add(call);
      },
      remove: () => {
        for (const call of within) buckets.remove(call);
      },
    };
  };
  return { scan, bytes: buckets.bytes, countWithin: buckets.countWithin };
}
