import { abortedError, SpanStoreError, throwIfAborted } from "../errors/errors.js";

/**
 * Adds an item to a group and resolves with the result of the item once its group is written.
 *
 * A signal that fires ends the call with ABORTED at once. An item that still waits leaves the queue and is not written. A
 * group whose write has begun goes on, and its aborted items may be written or not.
 */
export type GroupCommit<Item, Result> = (item: Item, signal?: AbortSignal) => Promise<Result>;

export interface GroupCommitOptions<Item, Result> {
  readonly bytesOf: (item: Item) => number;
  /** The most bytes of a group, unless its only item is larger. */
  readonly maxGroupBytes: number;
  /** How many groups are written at the same time; 1 by default. */
  readonly concurrency?: number;
  /** During a write, another group starts only when this many bytes wait; 0 by default. */
  readonly minGroupBytes?: number;
  /** Writes a group and settles each item. When it rejects, the unsettled items fail with its error. */
  readonly write: (group: readonly GroupItem<Item, Result>[]) => Promise<void>;
}

/** An item of a group, and the call that waits for it. */
export interface GroupItem<Item, Result> {
  readonly item: Item;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

interface Waiting<Item, Result> extends GroupItem<Item, Result> {
  readonly bytes: number;
}

/**
 * Writes waiting items together, since each write has a fixed cost. Items enter groups in order of arrival; items of one
 * turn of the event loop share a group.
 */
export function createGroupCommit<Item, Result>({
  bytesOf,
  maxGroupBytes,
  concurrency = 1,
  minGroupBytes = 0,
  write,
}: GroupCommitOptions<Item, Result>): GroupCommit<Item, Result> {
  const waiting = new Set<Waiting<Item, Result>>();
  let waitingBytes = 0;
  let busy = 0;
  let scheduled = false;

  const remove = (one: Waiting<Item, Result>): void => {
    if (waiting.delete(one)) waitingBytes -= one.bytes;
  };

  const takeGroup = (): Waiting<Item, Result>[] => {
    const group: Waiting<Item, Result>[] = [];
    let bytes = 0;
    for (const one of waiting) {
      if (group.length > 0 && bytes + one.bytes > maxGroupBytes) break;
      bytes += one.bytes;
      group.push(one);
    }
    for (const one of group) remove(one);
    return group;
  };

  const commit = async (group: readonly Waiting<Item, Result>[]): Promise<void> => {
    let failure: unknown;
    try {
      await write(group);
      failure = new SpanStoreError("INTERNAL", "the write of a group left an item unsettled");
    } catch (error) {
      failure = error;
    }
    // No effect on settled items.
    for (const { reject } of group) reject(failure);
  };

  const start = (): void => {
    scheduled = false;
    while (waiting.size > 0 && busy < concurrency && (busy === 0 || waitingBytes >= minGroupBytes)) {
      busy++;
      void commit(takeGroup()).finally(() => {
        busy--;
        schedule();
      });
    }
  };

  /** Starts at the end of the turn, so that items of the same turn share a group. */
  const schedule = (): void => {
    if (scheduled || waiting.size === 0 || busy >= concurrency) return;
    scheduled = true;
    setImmediate(start);
  };

  return async (item, signal) => {
    throwIfAborted(signal);
    const { promise, resolve, reject } = Promise.withResolvers<Result>();
    const one: Waiting<Item, Result> = { item, bytes: bytesOf(item), resolve, reject };
    waiting.add(one);
    waitingBytes += one.bytes;
    schedule();
    const leave = (): void => {
      remove(one);
      reject(abortedError(signal as AbortSignal));
    };
    signal?.addEventListener("abort", leave, { once: true });
    try {
      return await promise;
    } finally {
      signal?.removeEventListener("abort", leave);
    }
  };
}
