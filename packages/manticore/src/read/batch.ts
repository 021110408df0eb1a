import type { CandidateSearch } from "@spanstore/core/engine";
import type { Window } from "../schema/windows.js";
import { maxExtentMillis } from "./fragments.js";
import type { SlicePosition } from "./slices.js";

/** The first group has two windows, and the next ones double up to 64: mostly the newest window suffices. */
const groupSizes = [2, 64] as const;
/** A slice with too few fragments is followed by one so many times as long. */
const growth = 4n;
const thousand = 1000n;

/** The longest time between two starts of a fragment; a millisecond more for rounding. */
export const maxExtentMicros = BigInt(maxExtentMillis + 1) * thousand;

/** The latest start of a fragment's newest span, in nanoseconds, with which the fragment may have a span of the search. */
export function lastNewestStart({ startTimeMaxUnixNano }: CandidateSearch): bigint {
  return startTimeMaxUnixNano + maxExtentMicros * thousand;
}

/** The windows in which fragments may have spans of a search, newest first as they are given. */
export function windowsOf(search: CandidateSearch, windows: readonly Window[]): readonly Window[] {
  const last = lastNewestStart(search);
  return windows.filter(
    ({ startUnixNano, endUnixNano }) => endUnixNano > search.startTimeMinUnixNano && startUnixNano <= last,
  );
}

/** Parts windows into groups that are searched together, each with the windows behind it. */
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

/** Windows that are searched together, and the time that is left of them. */
export interface Batch {
  readonly windows: readonly Window[];
  /** Of newest starts, in microseconds, both inclusive. */
  readonly from: bigint;
  readonly to: bigint;
  /** The latest start that is searched for. */
  readonly latest: bigint;
  /** The row that was read last, while rows of its slice are left. */
  readonly cursor: SlicePosition | undefined;
  /** How much time the next statement searches, backwards; undefined: all the rest. */
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
 * Where the next slice begins. It reaches as far up as the batch, but is measured from the end of the search or the newest start seen:
 * above, mostly nothing is listed.
 */
export function sliceStart({ from, to, latest, slice }: Batch, newestSeen: bigint | undefined): bigint {
  if (slice === undefined) return from;
  let top = latest < to ? latest : to;
  if (newestSeen !== undefined && newestSeen < top) top = newestSeen;
  const start = top - slice;
  return start > from ? start : from;
}

/**
 * Gives the rest of a batch after a slice.
 * @param from where it began.
 * @param last the row behind which it has more; undefined when all of it was read.
 */
export function afterSlice(batch: Batch, from: bigint, last: SlicePosition | undefined): Batch {
  if (last !== undefined) return { ...batch, cursor: last, to: last.start };
  const slice = batch.slice === undefined ? undefined : batch.slice * growth;
  return { ...batch, cursor: undefined, to: from - 1n, slice };
}

/** The latest start of spans in windows, newest first, in microseconds; 0 without windows. */
export function lastStartOf([newest]: readonly Window[]): bigint {
  return newest === undefined ? 0n : (newest.endUnixNano - 1n) / thousand;
}
