import {
  type LatencyBucket,
  latencyCode,
  latencyCodes,
  latencyIndexOfCode,
  sortedBuckets,
} from "../../model/latency.js";

/** Calls, errors and latencies of a point. A few latencies are in a map, many are in an array indexed by latency code. */
export interface PointCounts {
  calls: number;
  errors: number;
  zeroCount: number;
  /** How many latencies were added to the map. */
  added: number;
  /** By latency index. */
  few: Map<number, number> | undefined;
  many: Float64Array | undefined;
  /** Buckets that are not empty. */
  size: number;
}

/** After this many additions the map of a point becomes an array. */
const mostOfMap = 100;

export function noCounts(): PointCounts {
  return { calls: 0, errors: 0, zeroCount: 0, added: 0, few: undefined, many: undefined, size: 0 };
}

/** @param index undefined when the duration counts as zero. */
export function addLatency(counts: PointCounts, index: number | undefined, spans: number): void {
  if (index === undefined) {
    counts.zeroCount += spans;
    return;
  }
  const many = counts.many ?? (counts.added >= mostOfMap ? arrayOf(counts) : undefined);
  if (many !== undefined) {
    const code = latencyCode(index);
    const before = many[code] as number;
    if (before === 0) counts.size++;
    many[code] = before + spans;
    return;
  }
  counts.added++;
  counts.few ??= new Map();
  const before = counts.few.get(index);
  if (before === undefined) counts.size++;
  counts.few.set(index, (before ?? 0) + spans);
}

function arrayOf(counts: PointCounts): Float64Array {
  const many = new Float64Array(latencyCodes);
  for (const [index, spans] of counts.few ?? []) many[latencyCode(index)] = spans;
  counts.many = many;
  counts.few = undefined;
  return many;
}

export function bucketsOf({ few, many }: PointCounts): LatencyBucket[] {
  if (many === undefined) return sortedBuckets(few ?? []);
  const buckets: LatencyBucket[] = [];
  for (let code = 1; code < many.length; code++) {
    const count = many[code] as number;
    if (count !== 0) buckets.push({ index: latencyIndexOfCode(code) as number, count });
  }
  return buckets;
}

/** The memory of a point's array, in buckets of a map. */
export const bucketsOfArray = 400;
