/** The part of the known size that an answer with smaller items leaves. */
const left = 0.5;

/**
 * Learns how many bytes an item takes from the answers of a backend, so that a request asks for as many items as fit a
 * number of bytes. The size rises at once, since too many items exceed a bound of memory, and falls by halves.
 */
export interface LearnedSize {
  /** Bytes an item; 0 before the first answer. */
  readonly perItem: () => number;
  /** Learns from an answer. */
  readonly note: (items: number, bytes: number) => void;
}

export function createLearnedSize(): LearnedSize {
  let perItem = 0;
  return {
    perItem: () => perItem,
    note: (items, bytes) => {
      if (items > 0) perItem = Math.max(bytes / items, perItem * left);
    },
  };
}
