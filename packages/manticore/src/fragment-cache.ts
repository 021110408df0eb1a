import type { Fragment } from "@spanstore/core";
import type { Row } from "./client.js";

/**
 * Fragments that were read a moment ago. A search that has found traces by their fragments reads these traces next, and
 * mostly there are no other fragments of them; then only ids need to be asked for, and no texts be unpacked.
 */
export interface FragmentCache {
  /** @param row as {@link Row} of a fragment's columns: its id, its start, the number of its write. */
  readonly add: (row: Row, fragment: Fragment) => void;
  /** Whether a fragment of this trace is here. */
  readonly knows: (traceId: string) => boolean;
  readonly get: (row: Row) => Fragment | undefined;
}

const maxBytes = 8 * 1024 * 1024;
const maxFragmentBytes = 256 * 1024;

export function createFragmentCache(): FragmentCache {
  /** Those that were read longest ago come first. */
  const fragments = new Map<string, Fragment>();
  const perTrace = new Map<string, number>();
  let bytes = 0;

  const remove = (key: string, { traceId, encoded }: Fragment): void => {
    fragments.delete(key);
    bytes -= encoded.buffer.byteLength;
    const left = (perTrace.get(traceId) ?? 0) - 1;
    if (left > 0) perTrace.set(traceId, left);
    else perTrace.delete(traceId);
  };

  return {
    add: (row, fragment) => {
      const { traceId, encoded } = fragment;
      if (encoded.length > maxFragmentBytes) return;
      const key = keyOf(row);
      const known = fragments.get(key);
      if (known !== undefined) remove(key, known);
      // A part of an answer would keep all of the answer.
      const isOwn = encoded.buffer.byteLength <= encoded.length * 2;
      const kept = isOwn ? fragment : { ...fragment, encoded: new Uint8Array(encoded) };
      fragments.set(key, kept);
      perTrace.set(traceId, (perTrace.get(traceId) ?? 0) + 1);
      bytes += kept.encoded.buffer.byteLength;
      for (const [oldest, each] of fragments) {
        if (bytes <= maxBytes) break;
        remove(oldest, each);
      }
    },
    knows: (traceId) => perTrace.has(traceId),
    get: (row) => fragments.get(keyOf(row)),
  };
}

/** An id may come to other content after a deletion, but in another write. */
function keyOf([id, , sequence]: Row): string {
  return `${id?.toString("latin1")} ${sequence?.toString("latin1")}`;
}
