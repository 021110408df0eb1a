import { createLearnedSize } from "@spanstore/core/engine";

/** The stored bytes of a page of fragments. */
const targetBytes = 2 * 1024 * 1024;
/** The client drops a larger answer and asks for fewer hits. */
export const maxAnswerBytes = 4 * targetBytes;
/** Memory holds an answer as bytes, as text and as parsed JSON. */
const copies = 3;
/** With two hits, an answer of one says that it is all. */
const fewest = 2;

interface Sized {
  readonly _source?: { readonly encoded: string };
}

/** Learns how many hits fit a page. All reads share it, so that it fits first pages, too. */
export interface PageSizes {
  /** As many hits as are wanted, or fewer; at least two. */
  readonly fitting: (wanted: number) => number;
  /** About how many bytes an answer of so many hits takes while it arrives. */
  readonly arrivingBytes: (hits: number) => number;
  /** Learns of a page. @returns its bytes. */
  readonly note: (hits: readonly Sized[]) => number;
}

export function createPageSizes(): PageSizes {
  const size = createLearnedSize();
  return {
    fitting: (wanted) => Math.min(wanted, Math.max(fewest, Math.floor(targetBytes / (size.perItem() + 1)))),
    arrivingBytes: (hits) =>
      copies * (size.perItem() === 0 ? targetBytes : Math.min(hits * size.perItem(), targetBytes)),
    note: (hits) => {
      let bytes = 0;
      for (const { _source } of hits) bytes += _source?.encoded.length ?? 0;
      size.note(hits.length, bytes);
      return bytes;
    },
  };
}
