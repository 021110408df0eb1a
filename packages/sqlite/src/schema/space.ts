import type { Database as Connection } from "better-sqlite3";
import { type Connections, perConnection } from "../connection/connections.js";
import { createSpaceCaches, type SpaceCache, type SpaceCaches } from "./space-cache.js";

/** The caches that all spaces of a thread share. */
export interface ThreadCaches {
  /** Blocks, decompressed. */
  readonly blocks: SpaceCaches<Buffer>;
  /** Blocks of large traces. In `blocks` they would evict all others and outlive young garbage collections. */
  readonly passing: SpaceCaches<Buffer>;
  /** The ids and the first terms of the pages of segments. */
  readonly segments: SpaceCaches<Float64Array | Uint32Array>;
}

const blockBytes = 8 * 1024 * 1024;
const passingBytes = 256 * 1024;
const segmentBytes = 8 * 1024 * 1024;

/** @param onLoad receives the size of each loaded block. Most are garbage soon. */
export function createThreadCaches(onLoad?: (bytes: number) => void): ThreadCaches {
  return {
    blocks: createSpaceCaches(blockBytes, onLoad),
    passing: createSpaceCaches(passingBytes, onLoad),
    segments: createSpaceCaches(segmentBytes),
  };
}

/** One database of a thread that serves many. */
export interface Space {
  readonly blocks: SpaceCache<Buffer>;
  readonly passing: SpaceCache<Buffer>;
  readonly segments: SpaceCache<Float64Array | Uint32Array>;
  /**
   * Caches what `make` returns for the space's connection; a new connection gets a new value. The value is valid until the
   * next await.
   */
  readonly of: <T>(make: (db: Connection) => T) => () => T;
}

export function createSpace(name: string, connections: Connections, caches: ThreadCaches): Space {
  return {
    blocks: caches.blocks.forSpace(),
    passing: caches.passing.forSpace(),
    segments: caches.segments.forSpace(),
    of: (make) => perConnection(() => connections.get(name), make),
  };
}
