import type { LatencyHistogram } from "@spanstore/core";

/** Messages of spanstore.metrics.v1 as proto-loader reads them. */
export interface ProtoMetricSeries {
  readonly labelValues?: readonly string[];
  readonly points?: readonly ProtoMetricPoint[];
}

/** A LatencyHistogram, spread over the message that has it. */
export interface ProtoLatency {
  readonly zeroCount?: string;
  readonly bucketIndexes?: readonly number[];
  readonly bucketCounts?: readonly string[];
}

export interface ProtoMetricPoint extends ProtoLatency {
  readonly startTimeUnixNano?: string;
  readonly calls?: string;
  readonly errors?: string;
}

export interface ProtoDependency extends ProtoLatency {
  readonly parent?: string;
  readonly child?: string;
  readonly callCount?: string;
  readonly errorCount?: string;
}

/** The structured filter's field number in MetricsQueryParameters. */
export const metricsFilterField = 5;

export function latencyOf({
  zeroCount = "0",
  bucketIndexes = [],
  bucketCounts = [],
}: ProtoLatency): LatencyHistogram {
  return {
    zeroCount: Number(zeroCount),
    buckets: bucketIndexes.map((index, i) => ({ index, count: Number(bucketCounts[i] ?? 0) })),
  };
}

export function protoLatency({ zeroCount, buckets }: LatencyHistogram): Required<ProtoLatency> {
  return {
    zeroCount: String(zeroCount),
    bucketIndexes: buckets.map(({ index }) => index),
    bucketCounts: buckets.map(({ count }) => String(count)),
  };
}
