import {
  type Dependency,
  type LatencyHistogram,
  type MetricPoint,
  type MetricSeries,
  SpanStoreError,
} from "@spanstore/core";

/** A series of spanstore.metrics.v1 as proto-loader reads it. */
export interface ProtoMetricSeries {
  readonly labelValues?: readonly string[];
  readonly points?: readonly ProtoMetricPoint[];
}

/** The fields of a LatencyHistogram, which its message has inline. */
interface ProtoLatency {
  readonly zeroCount?: string;
  readonly bucketIndexes?: readonly number[];
  readonly bucketCounts?: readonly string[];
}

interface ProtoMetricPoint extends ProtoLatency {
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

function latencyOf({
  zeroCount = "0",
  bucketIndexes = [],
  bucketCounts = [],
}: ProtoLatency): LatencyHistogram {
  return {
    zeroCount: Number(zeroCount),
    buckets: bucketIndexes.map((index, i) => ({ index, count: Number(bucketCounts[i] ?? 0) })),
  };
}

function protoLatency({ zeroCount, buckets }: LatencyHistogram): Required<ProtoLatency> {
  return {
    zeroCount: String(zeroCount),
    bucketIndexes: buckets.map(({ index }) => index),
    bucketCounts: buckets.map(({ count }) => String(count)),
  };
}

export function protoSeries({ labels, points }: MetricSeries, groupBy: readonly string[]): ProtoMetricSeries {
  return {
    labelValues: groupBy.map((label) => labels[label] ?? ""),
    points: points.map(({ startTimeUnixNano, calls, errors, latency }) => ({
      startTimeUnixNano: String(startTimeUnixNano),
      calls: String(calls),
      errors: String(errors),
      ...protoLatency(latency),
    })),
  };
}

export function protoDependency({
  parent,
  child,
  callCount,
  errorCount = 0n,
  latency,
}: Dependency): ProtoDependency {
  return {
    parent,
    child,
    callCount: String(callCount),
    errorCount: String(errorCount),
    ...protoLatency(latency ?? { zeroCount: 0, buckets: [] }),
  };
}

/** @throws INTERNAL for a series with another number of labels. */
export function seriesOf(
  { labelValues = [], points = [] }: ProtoMetricSeries,
  groupBy: readonly string[],
): MetricSeries {
  if (labelValues.length !== groupBy.length) {
    throw new SpanStoreError("INTERNAL", `a series has ${labelValues.length} labels of ${groupBy.length}`);
  }
  return {
    labels: Object.fromEntries(groupBy.map((label, i) => [label, labelValues[i] as string])),
    points: points.map(pointOf),
  };
}

function pointOf(point: ProtoMetricPoint): MetricPoint {
  return {
    startTimeUnixNano: BigInt(point.startTimeUnixNano ?? 0),
    calls: Number(point.calls ?? 0),
    errors: Number(point.errors ?? 0),
    latency: latencyOf(point),
  };
}

export function dependencyOf(each: ProtoDependency): Dependency {
  return {
    parent: each.parent ?? "",
    child: each.child ?? "",
    callCount: BigInt(each.callCount ?? 0),
    errorCount: BigInt(each.errorCount ?? 0),
    latency: latencyOf(each),
  };
}
