/** Messages of spanstore.metrics.v1 as proto-loader reads them. */
export interface ProtoMetricSeries {
  readonly labelValues?: readonly string[];
  readonly points?: readonly ProtoMetricPoint[];
}

export interface ProtoMetricPoint {
  readonly startTimeUnixNano?: string;
  readonly calls?: string;
  readonly errors?: string;
  readonly zeroCount?: string;
  readonly bucketIndexes?: readonly number[];
  readonly bucketCounts?: readonly string[];
}

/** The structured filter's field number in MetricsQueryParameters. */
export const metricsFilterField = 5;
