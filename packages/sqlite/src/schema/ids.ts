/**
 * Ids of fragments. Time is cut into windows of 1024 ms; a fragment's spans all start in one window, and its
 * id is that window's number with a running number of 13 bits behind it. So ids order by window, and within
 * one they are dense: the index stores differences of ids, and small ones take one byte instead of four.
 *
 * When a window is full, a fragment moves to a later one. How far any ever moved is kept as the
 * `displacement`, so that searches look that much further. Ids of all 64-bit times are safe integers.
 */
const idsPerWindow = 1 << 13;

/** Length of a window; `splitByTrace` keeps fragments within one. */
export const windowMillis = 1024;

const nanosPerMilli = 1_000_000n;

/** The window that a time lies in. */
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

/** The last id that a fragment with a span at this time or before can have. */
export function lastIdUntil(unixNano: bigint, displacement: number): number {
  // One more, since times that are rounded to a double give a fragment's window.
  return lastIdOf(windowOf(unixNano) + displacement + 1);
}

/** A fragment's newest start as its row has it: milliseconds after the start of its id's window. */
export function newestInWindow(unixNano: bigint, window: number): number {
  return millisOf(unixNano) - window * windowMillis;
}

interface TimedId {
  readonly id: number;
  readonly newest: number;
}

/** The millisecond that a fragment's newest span started in. */
export function newestMillis({ id, newest }: TimedId): number {
  return windowOfId(id) * windowMillis + newest;
}

/** No span of a fragment, or of one whose newest start is older, started after this. */
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
