import type { Fragment } from "@spanstore/core/engine";

/**
 * Fragments that a search has just read, by their documents' ids, which are hashes of what is in them. The traces that it
 * finds are read next, and mostly there is nothing else of them: then nothing comes, or is unpacked, a second time.
 */
export interface AtHand {
  readonly add: (id: string, fragment: Fragment) => void;
  /** Hands out what is here of a trace. It is forgotten: whoever reads a trace may do with its bytes what he likes. */
  readonly take: (traceId: string) => ReadonlyMap<string, Fragment>;
}

const maxBytes = 8 * 1024 * 1024;
const maxFragmentBytes = 256 * 1024;

export function createAtHand(): AtHand {
  /** Those that were read longest ago come first. */
  const byTrace = new Map<string, Map<string, Fragment>>();
  let bytes = 0;

  const take = (traceId: string): ReadonlyMap<string, Fragment> => {
    const taken = byTrace.get(traceId);
    if (taken === undefined) return new Map();
    byTrace.delete(traceId);
    for (const { encoded } of taken.values()) bytes -= encoded.length;
    return taken;
  };

  return {
    add: (id, fragment) => {
      const { traceId, encoded } = fragment;
      if (encoded.length > maxFragmentBytes) return;
      const own = byTrace.get(traceId) ?? new Map<string, Fragment>();
      if (own.has(id)) return;
      byTrace.set(traceId, own);
      // A part of an answer would keep all of the answer.
      const isPart = encoded.buffer.byteLength > encoded.length * 2;
      own.set(id, isPart ? { ...fragment, encoded: new Uint8Array(encoded) } : fragment);
      bytes += encoded.length;
      for (const oldest of byTrace.keys()) {
        if (bytes <= maxBytes) break;
        take(oldest);
      }
    },
    take,
  };
}
