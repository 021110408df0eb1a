/** What a page of fragments should have, as it is stored. */
const targetBytes = 2 * 1024 * 1024;
/** An answer that is larger is given up and asked for with fewer hits. */
export const maxAnswerBytes = 4 * targetBytes;
/** An answer is held as it came, as text and as values of its JSON. */
const copies = 3;
/** With two hits, an answer of one says that it is all. */
const fewest = 2;
/** What is left of the known size with each page of smaller hits. */
const forgetting = 0.5;

interface Sized {
  readonly _source?: { readonly encoded: string };
}

/** How many hits a page of the right size has. All reads learn it of each other, so that first pages have it, too. */
export interface PageSizes {
  /** As many hits as are wanted, or fewer; at least two. */
  readonly fitting: (wanted: number) => number;
  /** What an answer of so many hits takes while it arrives, about. */
  readonly arrivingBytes: (hits: number) => number;
  /** Learns of a page. @returns its bytes. */
  readonly note: (hits: readonly Sized[]) => number;
}

export function createPageSizes(): PageSizes {
  let bytesPerHit = 0;
  return {
    fitting: (wanted) => Math.min(wanted, Math.max(fewest, Math.floor(targetBytes / (bytesPerHit + 1)))),
    arrivingBytes: (hits) =>
      copies * (bytesPerHit === 0 ? targetBytes : Math.min(hits * bytesPerHit, targetBytes)),
    note: (hits) => {
      let bytes = 0;
      for (const { _source } of hits) bytes += _source?.encoded.length ?? 0;
      if (hits.length > 0) bytesPerHit = Math.max(bytes / hits.length, bytesPerHit * forgetting);
      return bytes;
    },
  };
}
