import { latencyCode, latencyCodes, latencyIndexOfCode } from "../../model/latency.js";
import type { Dependency, DependencyQuery } from "../../store/contract/calls.js";
import {
  addCall,
  type CallCounts,
  createCallCounter,
  noCalls,
  type ServiceCall,
} from "../../store/reading/dependencies.js";

const nanosPerBucket = 60_000_000_000n;

/** Calls by the minute in which the called span started, so that the sum of any range is fast. */
export interface CallBuckets {
  /** The approximate size in memory. */
  readonly bytes: () => number;
  readonly add: (call: ServiceCall) => void;
  /** Removes a call that was added. */
  readonly remove: (call: ServiceCall) => void;
  readonly countWithin: (query: DependencyQuery) => Dependency[];
}

/** The start of the bucket that contains a time. */
export function bucketStart(unixNano: bigint): bigint {
  return (unixNano / nanosPerBucket) * nanosPerBucket;
}

/** The memory of a call's code in an array that grows. */
const bytesPerCall = 12;
/** The memory of a pair of services within a minute, with its sum. */
const bytesPerPair = 512;

/** Calls of one pair of services within a minute, each as a code (see `codeOf`). */
interface PairCalls {
  kept: number[];
  /** Codes to remove from `kept` before the next count: removing them one by one would take quadratic time. */
  removed: number[];
  /** The sum of `kept`, cached for ranges that hold the whole minute. */
  total: CallCounts | undefined;
}

export function createCallBuckets(): CallBuckets {
  /** By minute, then by pair of services. */
  const buckets = new Map<bigint, Map<string, PairCalls>>();
  const pairs = new Map<string, { parent: string; child: string }>();
  const unsettled = new Set<PairCalls>();
  /** Codes in `kept` and `removed`. */
  let codeCount = 0;
  /** Pairs, summed over all minutes. */
  let pairCount = 0;

  const callsOf = (call: ServiceCall): PairCalls => {
    const minute = call.startTimeUnixNano / nanosPerBucket;
    let bucket = buckets.get(minute);
    if (bucket === undefined) {
      bucket = new Map();
      buckets.set(minute, bucket);
    }
    const pair = `${call.parent.length}:${call.parent}${call.child}`;
    let calls = bucket.get(pair);
    if (calls === undefined) {
      calls = { kept: [], removed: [], total: undefined };
      bucket.set(pair, calls);
      pairCount++;
      pairs.set(pair, { parent: call.parent, child: call.child });
    }
    calls.total = undefined;
    return calls;
  };

  const settle = (): void => {
    for (const calls of unsettled) {
      const before = calls.kept.length + calls.removed.length;
      calls.kept = without(calls.kept, calls.removed);
      calls.removed = [];
      codeCount -= before - calls.kept.length;
    }
    unsettled.clear();
  };

  return {
    bytes: () => codeCount * bytesPerCall + pairCount * bytesPerPair,
    add: (call) => {
      callsOf(call).kept.push(codeOf(call));
      codeCount++;
    },
    remove: (call) => {
      const calls = callsOf(call);
      calls.removed.push(codeOf(call));
      codeCount++;
      unsettled.add(calls);
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
        for (const [pair, calls] of bucket) {
          if (whole) calls.total ??= countsOf(calls.kept, 0, Number(nanosPerBucket));
          const counts = whole ? calls.total : countsOf(calls.kept, low, high);
          if (counts === undefined || counts.calls === 0) continue;
          counter.addCounts(pairs.get(pair) as { parent: string; child: string }, counts);
        }
      }
      return counter.dependencies();
    },
  };
}

/** The part of a code below the start: one bit for the error, and the latency code. */
const codesPerNano = 2 * latencyCodes;

/** Start within the minute in nanoseconds, error and latency of a call, in 49 bits of a double. */
function codeOf({ startTimeUnixNano, latencyIndex, isError }: ServiceCall): number {
  const start = Number(startTimeUnixNano % nanosPerBucket);
  return start * codesPerNano + (isError ? latencyCodes : 0) + latencyCode(latencyIndex);
}

/** Counts the calls that start in a range within the minute, both ends inclusive. */
function countsOf(codes: readonly number[], low: number, high: number): CallCounts {
  const counts = noCalls();
  for (const code of codes) {
    const start = Math.floor(code / codesPerNano);
    if (start < low || start > high) continue;
    const rest = code - start * codesPerNano;
    addCall(counts, latencyIndexOfCode(rest % latencyCodes), rest >= latencyCodes);
  }
  return counts;
}

/** Removes one occurrence for each number of `removed`, if present. */
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
