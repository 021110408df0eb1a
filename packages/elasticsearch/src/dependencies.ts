import {
  callsOfTrace,
  createCallCounter,
  type Dependency,
  type DependencyQuery,
  type EngineReader,
} from "@spanstore/core";
import type { KeptFragments } from "./kept.js";
import { filterOf } from "./lower.js";
import type { Naming } from "./naming.js";

const fragmentsPerPage = 500;
const tracesPerRead = 200;

/** Counts calls between services by the traces that have spans in the window, each read whole. */
export function createDependencies(
  kept: KeptFragments,
  naming: Naming,
  fragments: EngineReader["fragments"],
): (query: DependencyQuery, signal?: AbortSignal) => Promise<Dependency[]> {
  return async ({ startTimeUnixNano, endTimeUnixNano }, signal) => {
    const counter = createCallCounter();
    const seen = new Set<string>();
    let batch: string[] = [];

    const count = (trace: readonly Uint8Array[]): void => {
      for (const { parent, child, startTimeUnixNano: start } of callsOfTrace(trace)) {
        if (start >= startTimeUnixNano && start <= endTimeUnixNano) counter.add(parent, child);
      }
    };
    const countBatch = async (): Promise<void> => {
      let current = "";
      let trace: Uint8Array[] = [];
      for await (const window of fragments(batch, signal)) {
        for (const { traceId, encoded } of window) {
          if (traceId !== current) {
            count(trace);
            trace = [];
            current = traceId;
          }
          trace.push(encoded);
        }
      }
      count(trace);
      batch = [];
    };

    const bounds = { startTimeMinUnixNano: startTimeUnixNano, startTimeMaxUnixNano: endTimeUnixNano };
    const body = {
      query: { bool: { filter: filterOf(bounds, undefined) } },
      _source: true,
    };
    const indices = naming.between(startTimeUnixNano, endTimeUnixNano);
    const options = { signal, doing: "cannot count calls" };
    for await (const hits of kept.pages(indices, body, () => fragmentsPerPage, options)) {
      for (const hit of hits) {
        const { traceId } = kept.of(hit);
        if (seen.has(traceId)) continue;
        seen.add(traceId);
        batch.push(traceId);
        if (batch.length === tracesPerRead) await countBatch();
      }
    }
    await countBatch();
    return counter.dependencies();
  };
}
