import { createUncountedReads, type StoreReads } from "@spanstore/core/engine";
import { createConnections, readerLimits } from "../connection/connections.js";
import { storeError } from "../connection/errors.js";
import { createEngineReader } from "../engine.js";
import { openForReading } from "../schema/schema.js";
import { createSpace, createThreadCaches } from "../schema/space.js";
import { createFragmentReader } from "./fragments.js";

/** A read is quick up to this many traces, each within the limits on fragments and bytes. */
const maxTraces = 4;
const maxFragments = 8;
const maxBytes = 256 * 1024;

const traceIdForm = /^([0-9a-f]{16}){1,2}$/;

/**
 * Reads on the caller's thread, for reads that are faster than the way to another thread and back: small traces, services
 * and operations.
 */
export interface QuickReads {
  readonly of: (path: string) => QuickReadsOfFile;
  readonly close: (path: string) => void;
  readonly closeAll: () => void;
}

export interface QuickReadsOfFile extends Pick<StoreReads, "getServices" | "getOperations"> {
  /** @returns undefined when the traces are not small. */
  readonly getTraces: (
    ...args: Parameters<StoreReads["getTraces"]>
  ) => ReturnType<StoreReads["getTraces"]> | undefined;
}

export function createQuickReads(): QuickReads {
  const connections = createConnections(openForReading, readerLimits);
  const caches = createThreadCaches();

  const of = (path: string): QuickReadsOfFile => {
    const space = createSpace(path, connections, caches);
    const { getTraces, getServices, getOperations } = createUncountedReads(createEngineReader(space));
    const fragments = space.of((db) => createFragmentReader(db, space.blocks));

    const isSmall = (traceId: string): boolean => {
      if (!traceIdForm.test(traceId)) return false;
      try {
        const ids = fragments().idsOfTrace(Buffer.from(traceId.padStart(32, "0"), "hex"));
        if (ids.length > maxFragments) return false;
        return ids.reduce((bytes, id) => bytes + (fragments().placeOf(id)?.length ?? 0), 0) <= maxBytes;
      } catch (error) {
        throw storeError(error, "cannot read");
      }
    };

    return {
      getTraces: (traceIds, options) =>
        traceIds.length <= maxTraces && traceIds.every(isSmall) ? getTraces(traceIds, options) : undefined,
      getServices,
      getOperations,
    };
  };
  return { of, close: (path) => connections.close(path), closeAll: () => connections.closeAll() };
}
