import type { Dependency, DependencyQuery } from "../../store/contract/span-store.js";
import { createCallCounter, type ServiceCall } from "../../store/reading/dependencies.js";

const nanosPerBucket = 60_000_000_000n;

/** Calls by the minute in which the called span started, so that any window is added up fast. */
export interface CallBuckets {
  /** How many calls are kept. */
  readonly size: () => number;
  readonly add: (call: ServiceCall) => void;
  /** Takes a call out again that was added. */
  readonly remove: (call: ServiceCall) => void;
  readonly countWithin: (query: DependencyQuery) => Dependency[];
}

/** The start of the bucket that a time lies in. */
export function bucketStart(unixNano: bigint): bigint {
  return (unixNano / nanosPerBucket) * nanosPerBucket;
}

/** Starts of one pair of services within a minute, in nanoseconds. */
interface Starts {
  kept: number[];
  /** Starts that are still in `kept`, once each, and go the next time they are counted: one by one that is quadratic. */
  removed: number[];
}

export function createCallBuckets(): CallBuckets {
  /** By minute, then by pair of services. */
  const buckets = new Map<bigint, Map<string, Starts>>();
  const pairs = new Map<string, { parent: string; child: string }>();
  const unsettled = new Set<Starts>();
  let size = 0;

  const startsOf = (call: ServiceCall): Starts => {
    const minute = call.startTimeUnixNano / nanosPerBucket;
    let bucket = buckets.get(minute);
    if (bucket === undefined) {
      bucket = new Map();
      buckets.set(minute, bucket);
    }
    const pair = `${call.parent.length}:${call.parent}${call.child}`;
    let starts = bucket.get(pair);
    if (starts === undefined) {
      starts = { kept: [], removed: [] };
      bucket.set(pair, starts);
      pairs.set(pair, { parent: call.parent, child: call.child });
    }
    return starts;
  };

  const settle = (): void => {
    for (const starts of unsettled) {
      const before = starts.kept.length;
      starts.kept = without(starts.kept, starts.removed);
      starts.removed = [];
      size -= before - starts.kept.length;
    }
    unsettled.clear();
  };

  return {
    size: () => {
      settle();
      return size;
    },
    add: (call) => {
      startsOf(call).kept.push(startWithin(call));
      size++;
    },
    remove: (call) => {
      const starts = startsOf(call);
      starts.removed.push(startWithin(call));
      unsettled.add(starts);
    },
    countWithin: ({ startTimeUnixNano: from, endTimeUnixNano: to }) => {
      settle();
      const counter = createCallCounter();
      for (const [minute, bucket] of buckets) {
        const start = minute * nanosPerBucket;
        if (start > to || start + nanosPerBucket <= from) continue;
        const low = Number(from - start);
        const high = Number(to - start);
        const whole = low <= 0 && high >= Number(nanosPerBucket) - 1;
        for (const [pair, { kept }] of bucket) {
          const calls = whole ? kept.length : kept.filter((at) => at >= low && at <= high).length;
          const { parent, child } = pairs.get(pair) as { parent: string; child: string };
          if (calls > 0) counter.add(parent, child, calls);
        }
      }
      return counter.dependencies();
    },
  };
}

function startWithin(call: ServiceCall): number {
  return Number(call.startTimeUnixNano % nanosPerBucket);
}

/** Takes each removed number out once, as far as it is there. */
function without(numbers: readonly number[], removed: readonly number[]): number[] {
  const all = Float64Array.from(numbers).sort();
  const gone = Float64Array.from(removed).sort();
  const kept: number[] = [];
  let at = 0;
  for (const number of all) {
    while (at < gone.length && (gone[at] as number) < number) at++;
    if (gone[at] === number) at++;
    else kept.push(number);
  }
  return kept;
}
