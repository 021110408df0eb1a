import type { CandidateSearch } from "@spanstore/core/engine";
import type { Window } from "../schema/windows.js";
import { maxExtentMillis } from "./fragments.js";
import type { SlicePosition } from "./slices.js";

/** The first group has two windows, and each next one doubles up to 64: mostly the newest window suffices. */
const groupSizes = [2, 64] as const;
/** A finished slice is followed by one that is this many times as long. */
const growth = 4n;
const thousand = 1000n;

/** The longest time between two span starts of a fragment, and a millisecond for rounding. */
export const maxExtentMicros = BigInt(maxExtentMillis + 1) * thousand;

/** The latest newest start, in nanoseconds, with which a fragment may have a span in the range of a search. */
export function lastNewestStart({ startTimeMaxUnixNano }: CandidateSearch): bigint {
  return startTimeMaxUnixNano + maxExtentMicros * thousand;
}

/** The windows whose fragments may have spans in the range of a search, in the given order. */
export function windowsOf(search: CandidateSearch, windows: readonly Window[]): readonly Window[] {
  const last = lastNewestStart(search);
  return windows.filter(
    ({ startUnixNano, endUnixNano }) => endUnixNano > search.startTimeMinUnixNano && startUnixNano <= last,
  );
}

/** Splits windows into groups that are searched together; `left` has the windows after each group. */
export function* groupsOf(
  windows: readonly Window[],
): Generator<{ readonly windows: readonly Window[]; readonly left: readonly Window[] }, void> {
  const [first, most] = groupSizes;
  for (let at = 0, size: number = first; at < windows.length; size = Math.min(size * 2, most)) {
    const end = at + size;
    yield { windows: windows.slice(at, end), left: windows.slice(end) };
    at = end;
  }
}

/** Windows that are searched together, and the range of time left to search. */
export interface Batch {
  readonly windows: readonly Window[];
  /** Bounds of newest starts, in microseconds, both inclusive. */
  readonly from: bigint;
  readonly to: bigint;
  /** The end of the search, in microseconds. */
  readonly latest: bigint;
  /** The last row read, while its slice has more rows. */
  readonly cursor: SlicePosition | undefined;
  /** The length of the next slice, in microseconds; undefined: all the rest. */
  readonly slice: bigint | undefined;
}

/** @param windows newest first, at least one. */
export function batchOf(windows: readonly Window[], search: CandidateSearch): Batch {
  const from = search.startTimeMinUnixNano / thousand;
  const latest = search.startTimeMaxUnixNano / thousand;
  const to = latest + maxExtentMicros;
  const newest = lastStartOf(windows);
  const oldest = (windows[windows.length - 1] as Window).startUnixNano / thousand;
  return {
    windows,
    from: oldest > from ? oldest : from,
    to: newest < to ? newest : to,
    latest,
    cursor: undefined,
    slice: undefined,
  };
}

export function isOver({ from, to }: Batch): boolean {
  return to < from;
}

/**
 * The start of the next slice. A slice ends where the batch ends, but its length counts from the end of the search or
 * from the newest start seen: above these there is mostly nothing.
 */
export function sliceStart({ from, to, latest, slice }: Batch, newestSeen: bigint | undefined): bigint {
  if (slice === undefined) return from;
  let top = latest < to ? latest : to;
  if (newestSeen !== undefined && newestSeen < top) top = newestSeen;
  const start = top - slice;
  return start > from ? start : from;
}

/**
 * The rest of a batch after a slice.
 * @param from the start of the slice.
 * @param last the last row read; undefined when the slice has no more rows.
 */
export function afterSlice(batch: Batch, from: bigint, last: SlicePosition | undefined): Batch {
  if (last !== undefined) return { ...batch, cursor: last, to: last.start };
  const slice = batch.slice === undefined ? undefined : batch.slice * growth;
  return { ...batch, cursor: undefined, to: from - 1n, slice };
}

/** The latest start in windows, newest first, in microseconds; 0 without windows. */
export function lastStartOf([newest]: readonly Window[]): bigint {
  return newest === undefined ? 0n : (newest.endUnixNano - 1n) / thousand;
}
