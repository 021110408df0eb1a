import { type MetricPoint, type MetricSeries, type SpanStore, SpanStoreError } from "@spanstore/core";
import { encodeFilter, searchOfMetricsQuery } from "@spanstore/core/engine";
import type { Channel } from "../connection/channel.js";
import { lengthDelimited } from "../wire/length-delimited.js";
import {
  latencyOf,
  metricsFilterField,
  type ProtoMetricPoint,
  type ProtoMetricSeries,
} from "../wire/metrics.js";
import { messageCodec } from "../wire/protos.js";
import { read } from "./answers.js";

const queryField = 1;

/** getMetrics as a call of spanstore.metrics.v1. */
export function createMetricsReader(channel: Channel): SpanStore["getMetrics"] {
  const parameters = messageCodec<object>("spanstore.metrics.v1.MetricsQueryParameters");
  const response = messageCodec<{ series?: readonly ProtoMetricSeries[] }>(
    "spanstore.metrics.v1.GetMetricsResponse",
  );
  return async (query, options) => {
    // Checked here too: a number beyond the field's range would travel as another one.
    searchOfMetricsQuery(query);
    const { filter, groupBy = [], stepNano = 0n } = query;
    const encoded = parameters.encode({
      startTimeUnixNano: String(query.startTimeUnixNano),
      endTimeUnixNano: String(query.endTimeUnixNano),
      stepNano: String(stepNano),
      groupBy,
    });
    const parts = filter === undefined ? [] : lengthDelimited(metricsFilterField, encodeFilter(filter));
    const request = Buffer.concat(lengthDelimited(queryField, Buffer.concat([encoded, ...parts])));
    const all: MetricSeries[] = [];
    const method = "/spanstore.metrics.v1.MetricsReader/GetMetrics";
    for await (const message of channel.stream(method, request, options?.signal)) {
      all.push(...read(() => (response.decode(message).series ?? []).map((each) => seriesOf(each, groupBy))));
    }
    return all;
  };
}

function seriesOf(
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
