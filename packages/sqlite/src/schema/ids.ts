/**
 * Ids of fragments. Time is cut into windows of 1024 ms. The spans of a fragment start in one window, and the fragment's
 * id is the window's number followed by a running number of 13 bits. So ids sort by window and are dense within one: the
 * index stores differences of ids, and small ones take one byte instead of four.
 *
 * A fragment of a full window moves to a later one. The counter `displacement` holds the longest such move, by which
 * searches extend their range. Ids of all 64-bit times are safe integers.
 */
const idsPerWindow = 1 << 13;

/** Length of a window. `splitByTrace` splits fragments at its bounds. */
export const windowMillis = 1024;

const nanosPerMilli = 1_000_000n;

/** The window of a time. */
export function windowOf(unixNano: bigint): number {
  return Math.floor(millisOf(unixNano) / windowMillis);
}

export function windowOfId(id: number): number {
  return Math.floor(id / idsPerWindow);
}

export function firstIdOf(window: number): number {
  return window * idsPerWindow;
}

export function lastIdOf(window: number): number {
  return firstIdOf(window) + idsPerWindow - 1;
}

/** The largest id of a fragment that can hold a span that started at this time or before. */
export function lastIdUntil(unixNano: bigint, displacement: number): number {
  // One window more, since fragments get their window from times rounded to a double.
  return lastIdOf(windowOf(unixNano) + displacement + 1);
}

/** The column `newest` of a fragment: milliseconds from the start of its id's window to its newest start. */
export function newestInWindow(unixNano: bigint, window: number): number {
  return millisOf(unixNano) - window * windowMillis;
}

interface TimedId {
  readonly id: number;
  readonly newest: number;
}

/** The millisecond in which a fragment's newest span started. */
export function newestMillis({ id, newest }: TimedId): number {
  return windowOfId(id) * windowMillis + newest;
}

/** The latest possible start of a span in this fragment, or in one whose newest start is older. */
export function startAtMost(fragment: TimedId): bigint {
  return BigInt(newestMillis(fragment) + 1) * nanosPerMilli - 1n;
}

/** The last nanosecond of a window. */
export function endOfWindow(window: number): bigint {
  return BigInt((window + 1) * windowMillis) * nanosPerMilli - 1n;
}

function millisOf(unixNano: bigint): number {
  return Number(unixNano / nanosPerMilli);
}
