import { type RollupMinute, rollupNanos } from "../../store/contract/metrics.js";

/** Counts by key of one minute: sorted arrays, and the changes since they were made. */
interface Minute {
  keys: Uint32Array;
  counts: Uint32Array;
  readonly changes: Map<number, number>;
}

/** Changes are merged into the arrays when there are this many. */
const maxChanges = 4096;
const bytesPerKey = 8;
const bytesPerChange = 48;
const none = new Uint32Array(0);

/** Spans counted by minute and key, in eight bytes for each key of a minute. */
export interface RollupBuckets {
  /** @param minute its number since the epoch. @param spans negative: takes out. */
  readonly add: (minute: number, key: number, spans: 1 | -1) => void;
  /** About how many bytes they take in memory. */
  readonly bytes: () => number;
  /** The minutes of a range of numbers, ascending; the end is excluded. */
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
      // Merges once there are as many changes as counts, so that a merge costs no more than the changes.
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

/** The counts with their changes, both in the order of their keys; those of 0 are left out. */
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
