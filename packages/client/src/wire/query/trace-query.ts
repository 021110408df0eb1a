import { type FilterCall, SpanStoreError, type TraceQuery } from "@spanstore/core";
import { checkRange, type Duration, duration, instant, type Timestamp } from "../times.js";
import { type Pagination, pageOf } from "./pagination.js";
import { attributesOf, type ProtoKeyValue } from "./values.js";

/** jaeger.storage.v2.TraceQueryParameters as proto-loader reads it. */
export interface TraceQueryParameters {
  readonly serviceName?: string;
  readonly operationName?: string;
  readonly attributes?: readonly ProtoKeyValue[];
  readonly startTimeMin?: Timestamp;
  readonly startTimeMax?: Timestamp;
  readonly durationMin?: Duration;
  readonly durationMax?: Duration;
  readonly searchDepth?: number;
  readonly pagination?: Pagination;
}

/**
 * Translates a trace search to core's. Without parameters it finds every trace.
 * @param filter of the request, see `filterOf`.
 * @throws INVALID_QUERY with the protocol's name of the field at fault.
 */
export function traceQueryOf(parameters: TraceQueryParameters = {}, filter?: FilterCall): TraceQuery {
  const { serviceName, operationName, attributes = [], searchDepth = 0 } = parameters;
  const startTimeMinUnixNano = instant(parameters.startTimeMin, "query.start_time_min");
  const startTimeMaxUnixNano = instant(parameters.startTimeMax, "query.start_time_max");
  checkRange(startTimeMinUnixNano, startTimeMaxUnixNano, "query.start_time_min", "query.start_time_max");
  const minDurationNano = duration(parameters.durationMin, "query.duration_min");
  const maxDurationNano = duration(parameters.durationMax, "query.duration_max");
  checkRange(minDurationNano, maxDurationNano, "query.duration_min", "query.duration_max");
  const page = pageOf(parameters.pagination);
  if (page !== undefined && searchDepth !== 0) {
    throw new SpanStoreError("INVALID_QUERY", "pagination and search_depth exclude each other", {
      field: "query.pagination",
      hint: "leave search_depth at 0; pagination.page_size bounds the page",
    });
  }
  return {
    ...(serviceName ? { service: serviceName } : {}),
    ...(operationName ? { operation: operationName } : {}),
    ...(attributes.length > 0 ? { attributes: attributesOf(attributes) } : {}),
    ...(minDurationNano === undefined ? {} : { minDurationNano }),
    ...(maxDurationNano === undefined ? {} : { maxDurationNano }),
    ...(filter === undefined ? {} : { filter }),
    ...(startTimeMinUnixNano === undefined ? {} : { startTimeMinUnixNano }),
    ...(startTimeMaxUnixNano === undefined ? {} : { startTimeMaxUnixNano }),
    ...(searchDepth > 0 ? { limit: searchDepth } : {}),
    ...(page === undefined ? {} : { page }),
  };
}
