import {
  filterOf,
  messageCodec,
  metricsFilterField,
  type ProtoDependency,
  type ProtoMetricSeries,
  protoDependency,
  protoSeries,
} from "@spanstore/client/wire";
import type { MetricSeries, SpanStore } from "@spanstore/core";
import type { ServiceMethods } from "@spanstore/rpc";

interface GetMetricsRequest {
  readonly query?: {
    readonly startTimeUnixNano?: string;
    readonly endTimeUnixNano?: string;
    readonly stepNano?: string;
    readonly groupBy?: readonly string[];
  };
}

interface GetDependenciesRequest {
  readonly startTimeUnixNano?: string;
  readonly endTimeUnixNano?: string;
}

/** The buckets in one message, which keep it well below the 4 MiB that gRPC clients receive. */
const bucketsPerMessage = 50_000;

/** spanstore.metrics.v1.MetricsReader over a store. */
export function metricsReader(store: SpanStore): ServiceMethods {
  const requestCodec = messageCodec<GetMetricsRequest>("spanstore.metrics.v1.GetMetricsRequest");
  const response = messageCodec<{ series: ProtoMetricSeries[] }>("spanstore.metrics.v1.GetMetricsResponse");
  const dependenciesRequest = messageCodec<GetDependenciesRequest>(
    "spanstore.metrics.v1.GetDependenciesRequest",
  );
  const dependenciesResponse = messageCodec<{ dependencies: ProtoDependency[] }>(
    "spanstore.metrics.v1.GetDependenciesResponse",
  );
  return {
    unary: {
      async GetDependencies(request, signal) {
        const { startTimeUnixNano = 0, endTimeUnixNano = 0 } = dependenciesRequest.decode(request);
        const window = {
          startTimeUnixNano: BigInt(startTimeUnixNano),
          endTimeUnixNano: BigInt(endTimeUnixNano),
        };
        const dependencies = await store.getDependencies(window, { signal });
        return dependenciesResponse.encode({ dependencies: dependencies.map(protoDependency) });
      },
    },
    streams: {
      async *GetMetrics(request, signal) {
        const { query = {} } = requestCodec.decode(request);
        const { startTimeUnixNano = 0, endTimeUnixNano = 0, stepNano = 0, groupBy = [] } = query;
        const filter = filterOf(request, metricsFilterField);
        const all = await store.getMetrics(
          {
            startTimeUnixNano: BigInt(startTimeUnixNano),
            endTimeUnixNano: BigInt(endTimeUnixNano),
            ...(BigInt(stepNano) > 0n && { stepNano: BigInt(stepNano) }),
            groupBy,
            ...(filter && { filter }),
          },
          { signal },
        );
        for (const series of inMessages(all, groupBy)) yield response.encode({ series });
      },
    },
  };
}

/** Groups series into messages; a series longer than a message comes alone. */
function* inMessages(
  all: readonly MetricSeries[],
  groupBy: readonly string[],
): Generator<ProtoMetricSeries[], void> {
  let pending: ProtoMetricSeries[] = [];
  let buckets = 0;
  for (const series of all) {
    pending.push(protoSeries(series, groupBy));
    for (const { latency } of series.points) buckets += 2 + latency.buckets.length;
    if (buckets < bucketsPerMessage) continue;
    yield pending;
    pending = [];
    buckets = 0;
  }
  if (pending.length > 0) yield pending;
}
