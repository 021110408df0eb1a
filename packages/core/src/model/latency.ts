/**
 * Latencies as an exponential histogram, as OpenTelemetry defines it at scale 6: bucket `index` counts durations in
 * nanoseconds above `base ** index` up to and including `base ** (index + 1)`, where `base` is `2 ** (1 / 64)`. A bucket's
 * value is within 0.55 % of each of its durations. Histograms add up bucket by bucket.
 */
export interface LatencyHistogram {
  /** The number of spans that end when they start, or before. */
  readonly zeroCount: number;
  /** The non-empty buckets, by ascending index. */
  readonly buckets: readonly LatencyBucket[];
}

export interface LatencyBucket {
  readonly index: number;
  readonly count: number;
}

/** OpenTelemetry's name for the resolution: `base = 2 ** (2 ** -scale)`. */
const latencyScale = 6;
const bucketsPerOctave = 2 ** latencyScale;
/** The buckets of the shortest and the longest possible duration of a span. */
export const minLatencyIndex = -1;
export const maxLatencyIndex = 64 * bucketsPerOctave - 3;

/** The bucket of a duration in nanoseconds; undefined for one that counts as zero. */
export function latencyIndex(durationNano: number): number | undefined {
  if (!(durationNano > 0)) return undefined;
  const index = Math.ceil(Math.log2(durationNano) * bucketsPerOctave) - 1;
  return Math.min(Math.max(index, minLatencyIndex), maxLatencyIndex);
}

/** All codes are below this. */
export const latencyCodes = 4096;
const firstLatencyCode = 1 - minLatencyIndex;

/** The 12-bit code of an index; 0 stands for a duration that counts as zero. */
export function latencyCode(index: number | undefined): number {
  return index === undefined ? 0 : index + firstLatencyCode;
}

/** The index of a code. */
export function latencyIndexOfCode(code: number): number | undefined {
  return code === 0 ? undefined : code - firstLatencyCode;
}

/** The longest duration of a bucket, in nanoseconds. */
function latencyUpperBound(index: number): number {
  return 2 ** ((index + 1) / bucketsPerOctave);
}

/** The value with the smallest relative error for all durations of a bucket, in nanoseconds. */
function latencyOf(index: number): number {
  const upper = latencyUpperBound(index);
  const lower = latencyUpperBound(index - 1);
  return (2 * lower * upper) / (lower + upper);
}

/** The number of spans in a histogram. */
export function latencyCount({ zeroCount, buckets }: LatencyHistogram): number {
  let count = zeroCount;
  for (const bucket of buckets) count += bucket.count;
  return count;
}

/** The sum of all durations in nanoseconds, within the buckets' error. */
export function latencySum({ buckets }: LatencyHistogram): number {
  let sum = 0;
  for (const { index, count } of buckets) sum += latencyOf(index) * count;
  return sum;
}

/**
 * A quantile in nanoseconds, within 0.55 % of the duration at that rank.
 * @param quantile from 0 to 1
 * @returns undefined for an empty histogram
 */
export function latencyQuantile(histogram: LatencyHistogram, quantile: number): number | undefined {
  const count = latencyCount(histogram);
  if (count === 0) return undefined;
  const rank = Math.round(Math.min(Math.max(quantile, 0), 1) * (count - 1));
  let before = histogram.zeroCount;
  if (rank < before) return 0;
  for (const bucket of histogram.buckets) {
    before += bucket.count;
    if (rank < before) return latencyOf(bucket.index);
  }
  return undefined;
}

/** Adds histograms up. */
export function mergeLatencies(histograms: Iterable<LatencyHistogram>): LatencyHistogram {
  const counts = new Map<number, number>();
  let zeroCount = 0;
  for (const histogram of histograms) {
    zeroCount += histogram.zeroCount;
    for (const { index, count } of histogram.buckets) counts.set(index, (counts.get(index) ?? 0) + count);
  }
  return { zeroCount, buckets: sortedBuckets(counts) };
}

/** Turns counts by index into buckets. */
export function sortedBuckets(counts: Iterable<readonly [index: number, count: number]>): LatencyBucket[] {
  return Array.from(counts, ([index, count]) => ({ index, count }))
    .filter(({ count }) => count !== 0)
    .sort((a, b) => a.index - b.index);
}
