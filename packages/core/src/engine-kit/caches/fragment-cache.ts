import { joinBytes } from "../../otlp/own-bytes.js";
import type { Fragment } from "../../store/contract/engine.js";
import { createByteCache } from "./byte-cache.js";

/**
 * Caches the fragments that searches have just read. A search reads the traces of its matches next, and usually these have
 * no other fragments: then no fragment is sent or unpacked twice.
 */
export interface FragmentCache {
  /** @param id identifies the fragment's bytes and its write; each fragment of a trace has a different one. */
  readonly add: (id: string, fragment: Fragment) => void;
  /** The cached fragments of a trace, by id. */
  readonly of: (traceId: string) => ReadonlyMap<string, Fragment>;
}

/** The bound of all fragment caches of a thread together: each tenant's engine has a cache. */
const maxBytes = 8 * 1024 * 1024;
const maxFragmentBytes = 256 * 1024;
const nothing: ReadonlyMap<string, Fragment> = new Map();

interface Known {
  readonly bytes: number;
  readonly fragments: Map<string, Fragment>;
}

const traces = createByteCache<Known>(maxBytes, ({ bytes }) => bytes);
let caches = 0;

export function createFragmentCache(): FragmentCache {
  const own = caches++;
  const keyOf = (traceId: string): string => `${own} ${traceId}`;
  return {
    add: (id, fragment) => {
      const { traceId, encoded } = fragment;
      if (encoded.length > maxFragmentBytes) return;
      const { bytes = 0, fragments = new Map<string, Fragment>() } = traces.get(keyOf(traceId)) ?? {};
      if (fragments.has(id)) return;
      // A small view of an answer would keep the whole answer in memory.
      const isView = encoded.buffer.byteLength > encoded.length * 2;
      fragments.set(id, isView ? { ...fragment, encoded: joinBytes(encoded) } : fragment);
      traces.set(keyOf(traceId), { bytes: bytes + encoded.length, fragments });
    },
    of: (traceId) => traces.get(keyOf(traceId))?.fragments ?? nothing,
  };
}
