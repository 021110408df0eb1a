import { type RollupMinute, rollupNanos } from "../../store/contract/metrics.js";

/** Counts of one minute by key: sorted arrays, and changes that are not merged yet. */
interface Minute {
  keys: Uint32Array;
  counts: Uint32Array;
  readonly changes: Map<number, number>;
}

/** The fewest changes that are merged into the arrays before a read. */
const maxChanges = 4096;
const bytesPerKey = 8;
const bytesPerChange = 48;
const none = new Uint32Array(0);

/** Spans counted by minute and key, in eight bytes for each key of a minute. */
export interface RollupBuckets {
  /**
   * @param minute counted since the epoch.
   * @param spans -1 removes a span.
   */
  readonly add: (minute: number, key: number, spans: 1 | -1) => void;
  /** The approximate size in memory. */
  readonly bytes: () => number;
  /** The minutes from `from` to `to`, exclusive, ascending. */
  readonly minutes: (from: number, to: number) => RollupMinute[];
}

export function createRollupBuckets(): RollupBuckets {
  const all = new Map<number, Minute>();
  let keys = 0;
  let changes = 0;

  const merge = (minute: Minute): void => {
    if (minute.changes.size === 0) return;
    const before = minute.keys.length;
    const next = merged(minute);
    minute.keys = next.keys.slice(0, next.length);
    minute.counts = next.counts.slice(0, next.length);
    keys += next.length - before;
    changes -= minute.changes.size;
    minute.changes.clear();
  };

  return {
    add: (number, key, spans) => {
      let minute = all.get(number);
      if (minute === undefined) {
        minute = { keys: none, counts: none, changes: new Map() };
        all.set(number, minute);
      }
      const known = minute.changes.get(key);
      if (known === undefined) changes++;
      minute.changes.set(key, (known ?? 0) + spans);
      // A merge copies the whole minute, so it waits for as many changes as the minute has keys.
      if (minute.changes.size >= Math.max(maxChanges, minute.keys.length)) merge(minute);
    },
    bytes: () => keys * bytesPerKey + changes * bytesPerChange,
    minutes: (from, to) => {
      const found: [number, Minute][] = [...all].filter(([number]) => number >= from && number < to);
      return found
        .sort(([a], [b]) => a - b)
        .map(([number, minute]) => {
          merge(minute);
          const { keys, counts } = minute;
          return { startTimeUnixNano: BigInt(number) * rollupNanos, keys, counts };
        });
    },
  };
}

/** The counts with the changes merged in, ascending by key, without counts of 0. */
function merged({ keys, counts, changes }: Minute): {
  keys: Uint32Array;
  counts: Uint32Array;
  length: number;
} {
  const changed = Uint32Array.from(changes.keys()).sort();
  const allKeys = new Uint32Array(keys.length + changed.length);
  const allCounts = new Uint32Array(allKeys.length);
  let [length, old, next] = [0, 0, 0];
  while (old < keys.length || next < changed.length) {
    const oldKey = keys[old] ?? Number.POSITIVE_INFINITY;
    const nextKey = changed[next] ?? Number.POSITIVE_INFINITY;
    const key = Math.min(oldKey, nextKey);
    let spans = 0;
    if (oldKey === key) spans += counts[old++] as number;
    if (nextKey === key) {
      spans += changes.get(key) as number;
      next++;
    }
    if (spans <= 0) continue;
    allKeys[length] = key;
    allCounts[length] = spans;
    length++;
  }
  return { keys: allKeys, counts: allCounts, length };
}
