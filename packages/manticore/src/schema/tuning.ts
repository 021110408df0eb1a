import { type ContentId, contentId } from "./ids.js";

/** Numbers that change how the engine works and never its results. Tests make them small. */
export interface Tuning {
  /** Makes the ids of rows. */
  readonly idOf: ContentId;
  /** A statement takes no further row beyond this length: a search may wait while searchd reads a statement. */
  readonly maxStatementBytes: number;
  /** The longest statement that searchd accepts. */
  readonly maxPacketBytes: number;
  /** The first fragments of a window, from which its common terms are learned. */
  readonly sampledFragments: number;
  /**
   * Batches of candidates begin a little above the limit, at least at the first number, and double up to the second.
   */
  readonly listed: readonly [number, number];
  /** A condition that matches no more fragments than this is searched without slices. */
  readonly fewFragments: number;
  /** Several traces are read in one statement when they have fewer fragments than this. */
  readonly fragmentsTogether: number;
  /** Large traces are read in pages of this many fragments. */
  readonly fragmentsPerPage: number;
  /**
   * Bytes of candidates held at once, within what the budget of reads counts per read. A single fragment may exceed
   * them.
   */
  readonly candidateBytes: number;
  /** Bytes of fragments of traces held at once. A single fragment may exceed them. */
  readonly fragmentBytes: number;
  /** Rows of names are read in pages of this many. */
  readonly rowsPerPage: number;
}

export const defaultTuning: Tuning = {
  idOf: contentId,
  maxStatementBytes: 256 * 1024,
  maxPacketBytes: 128 * 1024 * 1024,
  sampledFragments: 4_000,
  listed: [32, 512],
  fewFragments: 4_000,
  fragmentsTogether: 256,
  fragmentsPerPage: 32,
  candidateBytes: 2 * 1024 * 1024,
  fragmentBytes: 1024 * 1024,
  rowsPerPage: 10_000,
};
