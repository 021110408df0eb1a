import type { Fragment } from "@spanstore/core/engine";
import type { Row } from "../connection/client.js";

/**
 * Fragments that were read a moment ago. A search that has found traces by their fragments reads these traces next, and
 * mostly there are no other fragments of them; then only ids need to be asked for, and no texts be unpacked.
 */
export interface FragmentCache {
  /**
   * Keeps the fragments of an answer.
   * @param rows as {@link Row} of each fragment's columns: its id, its start, the number of its write.
   */
  readonly add: (rows: readonly Row[], fragments: readonly Fragment[]) => void;
  /** Whether a fragment of this trace is here. */
  readonly knows: (traceId: string) => boolean;
  readonly get: (row: Row) => Fragment | undefined;
}

const maxBytes = 8 * 1024 * 1024;
const maxFragmentBytes = 256 * 1024;

/** Fragments lie in the memory that their answer came in, so an answer is forgotten as a whole. */
interface Answer {
  readonly keys: readonly string[];
  readonly bytes: number;
}

interface Known {
  readonly fragment: Fragment;
  readonly answer: Answer;
}

export function createFragmentCache(): FragmentCache {
  const known = new Map<string, Known>();
  const perTrace = new Map<string, number>();
  /** Those that came longest ago first. */
  const answers = new Set<Answer>();
  let bytes = 0;

  const count = (traceId: string, more: number): void => {
    const left = (perTrace.get(traceId) ?? 0) + more;
    if (left > 0) perTrace.set(traceId, left);
    else perTrace.delete(traceId);
  };

  const forget = (answer: Answer): void => {
    answers.delete(answer);
    bytes -= answer.bytes;
    for (const key of answer.keys) {
      const own = known.get(key);
      // It may have come again in a later answer.
      if (own?.answer !== answer) continue;
      known.delete(key);
      count(own.fragment.traceId, -1);
    }
  };

  return {
    add: (rows, fragments) => {
      const kept = fragments.map(({ encoded }) => encoded.length <= maxFragmentBytes);
      const keys = rows.filter((_, i) => kept[i]).map(keyOf);
      const memory = new Set(fragments.filter((_, i) => kept[i]).map(({ encoded }) => encoded.buffer));
      const answer: Answer = {
        keys,
        bytes: [...memory].reduce((sum, { byteLength }) => sum + byteLength, 0),
      };
      let at = 0;
      for (const [i, fragment] of fragments.entries()) {
        if (!kept[i]) continue;
        const key = keys[at++] as string;
        if (!known.has(key)) count(fragment.traceId, 1);
        known.set(key, { fragment, answer });
      }
      answers.add(answer);
      bytes += answer.bytes;
      for (const oldest of answers) {
        if (bytes <= maxBytes) break;
        forget(oldest);
      }
    },
    knows: (traceId) => perTrace.has(traceId),
    get: (row) => known.get(keyOf(row))?.fragment,
  };
}

/** An id may come to other content after a deletion, but in another write. */
function keyOf([id, , sequence]: Row): string {
  return `${id?.toString("latin1")} ${sequence?.toString("latin1")}`;
}
