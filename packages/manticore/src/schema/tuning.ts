import { type ContentId, contentId } from "./ids.js";

/** Numbers that decide how things are done and never what comes out; tests make them small. */
export interface Tuning {
  /** Makes the ids of rows. */
  readonly idOf: ContentId;
  /** A statement grows no longer than this by another row: while searchd reads one, a search may wait for it. */
  readonly maxStatementBytes: number;
  /** The longest statement that searchd takes. */
  readonly maxPacketBytes: number;
  /** So many of a window's first fragments tell which terms are common there. */
  readonly sampledFragments: number;
  /** Candidates are read in numbers that double from a little above the limit, at least the first, up to the second. */
  readonly listed: readonly [number, number];
  /** What finds no more than this is asked for as a whole. */
  readonly fewFragments: number;
  /** Fragments of several traces are read at once when there are fewer than these. */
  readonly fragmentsTogether: number;
  /** Large traces are read in pages of this many fragments. */
  readonly fragmentsPerPage: number;
  /** Bytes of candidates that are held at once: what the budget of reads counts for each read anyway. One fragment may exceed them. */
  readonly candidateBytes: number;
  /** Bytes of fragments of traces that are held at once; one may exceed them. */
  readonly fragmentBytes: number;
  /** Rows of spans and names are read in pages of this many. */
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
