import type { MetricSeries, SpanStore } from "@spanstore/core";
import { encodeFilter, searchOfMetricsQuery } from "@spanstore/core/engine";
import type { Channel } from "../connection/channel.js";
import { lengthDelimited } from "../wire/length-delimited.js";
import { metricsFilterField, type ProtoMetricSeries, seriesOf } from "../wire/metrics.js";
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
    // Checked before encoding, since a number beyond the field's range would become another one.
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
