import { joinBytes } from "../otlp/own-bytes.js";
import type { Fragment } from "../store/contract/engine.js";
import { createByteCache } from "./byte-cache.js";

/**
 * Fragments that a search has read a moment ago. A search reads the traces that it finds next, and mostly the backend has
 * nothing else of them: then nothing is sent, or unpacked, a second time.
 */
export interface FragmentCache {
  /** @param id names the fragment's bytes and its write: another fragment of the trace has another id. */
  readonly add: (id: string, fragment: Fragment) => void;
  /** What is here of a trace, by id. */
  readonly of: (traceId: string) => ReadonlyMap<string, Fragment>;
}

const maxBytes = 8 * 1024 * 1024;
const maxFragmentBytes = 256 * 1024;
const nothing: ReadonlyMap<string, Fragment> = new Map();

interface Known {
  readonly bytes: number;
  readonly fragments: Map<string, Fragment>;
}

export function createFragmentCache(): FragmentCache {
  const traces = createByteCache<Known>(maxBytes, ({ bytes }) => bytes);
  return {
    add: (id, fragment) => {
      const { traceId, encoded } = fragment;
      if (encoded.length > maxFragmentBytes) return;
      const { bytes = 0, fragments = new Map<string, Fragment>() } = traces.get(traceId) ?? {};
      if (fragments.has(id)) return;
      // A view of an answer would keep all of the answer in memory.
      const isView = encoded.buffer.byteLength > encoded.length * 2;
      fragments.set(id, isView ? { ...fragment, encoded: joinBytes(encoded) } : fragment);
      traces.set(traceId, { bytes: bytes + encoded.length, fragments });
    },
    of: (traceId) => traces.get(traceId)?.fragments ?? nothing,
  };
}
