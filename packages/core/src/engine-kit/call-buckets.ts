import type { Dependency, DependencyQuery } from "../store/contract/span-store.js";
import { createCallCounter, type ServiceCall } from "../store/reading/dependencies.js";

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

export function createCallBuckets(): CallBuckets {
  /** By minute, then by pair of services: starts within the minute, in nanoseconds. */
  const buckets = new Map<bigint, Map<string, number[]>>();
  const pairs = new Map<string, { parent: string; child: string }>();
  let size = 0;

  const startsOf = (call: ServiceCall): number[] => {
    const minute = call.startTimeUnixNano / nanosPerBucket;
    let bucket = buckets.get(minute);
    if (bucket === undefined) {
      bucket = new Map();
      buckets.set(minute, bucket);
    }
    const pair = `${call.parent.length}:${call.parent}${call.child}`;
    let starts = bucket.get(pair);
    if (starts === undefined) {
      starts = [];
      bucket.set(pair, starts);
      pairs.set(pair, { parent: call.parent, child: call.child });
    }
    return starts;
  };

  return {
    size: () => size,
    add: (call) => {
      startsOf(call).push(Number(call.startTimeUnixNano % nanosPerBucket));
      size++;
    },
    remove: (call) => {
      const starts = startsOf(call);
      const at = starts.indexOf(Number(call.startTimeUnixNano % nanosPerBucket));
      if (at < 0) return;
      starts[at] = starts[starts.length - 1] as number;
      starts.pop();
      size--;
    },
    countWithin: ({ startTimeUnixNano: from, endTimeUnixNano: to }) => {
      const counter = createCallCounter();
      for (const [minute, bucket] of buckets) {
        const start = minute * nanosPerBucket;
        if (start > to || start + nanosPerBucket <= from) continue;
        const low = Number(from - start);
        const high = Number(to - start);
        const whole = low <= 0 && high >= Number(nanosPerBucket) - 1;
        for (const [pair, starts] of bucket) {
          const calls = whole ? starts.length : starts.filter((at) => at >= low && at <= high).length;
          const { parent, child } = pairs.get(pair) as { parent: string; child: string };
          if (calls > 0) counter.add(parent, child, calls);
        }
      }
      return counter.dependencies();
    },
  };
}
