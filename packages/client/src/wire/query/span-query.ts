import { type FilterCall, type SpanOrder, type SpanQuery, SpanStoreError } from "@spanstore/core";
import { checkRange, instant, type Timestamp } from "../times.js";
import { type Pagination, pageOf } from "./pagination.js";

/** jaeger.storage.v2.SpanQueryParameters as proto-loader reads it, without the filter. */
export interface SpanQueryParameters {
  readonly startTimeMin?: Timestamp;
  readonly startTimeMax?: Timestamp;
  readonly pagination?: Pagination;
  readonly orderBy?: readonly SpanSortOrder[];
}

interface SpanSortOrder {
  readonly expression?: { readonly field?: { readonly name?: string; readonly level?: string } };
  readonly direction?: string;
}

/**
 * Translates a span search to core's. The time range is optional here, although the protocol requires one.
 * @throws INVALID_QUERY with the protocol's name of the field at fault.
 */
export function spanQueryOf(parameters: SpanQueryParameters = {}, filter?: FilterCall): SpanQuery {
  const startTimeMinUnixNano = instant(parameters.startTimeMin, "query.start_time_min");
  const startTimeMaxUnixNano = instant(parameters.startTimeMax, "query.start_time_max");
  checkRange(startTimeMinUnixNano, startTimeMaxUnixNano, "query.start_time_min", "query.start_time_max");
  const page = pageOf(parameters.pagination);
  return {
    ...(filter === undefined ? {} : { filter }),
    ...(startTimeMinUnixNano === undefined ? {} : { startTimeMinUnixNano }),
    ...(startTimeMaxUnixNano === undefined ? {} : { startTimeMaxUnixNano }),
    ...(page === undefined ? {} : { page }),
    orderBy: (parameters.orderBy ?? []).map(orderFromProto),
  };
}

/** Refuses fields of other levels; core refuses unknown and repeated fields. */
function orderFromProto({ expression, direction = "" }: SpanSortOrder, index: number): SpanOrder {
  const path = `query.order_by[${index}]`;
  const field = expression?.field;
  if (field?.level !== "span") {
    throw new SpanStoreError("INVALID_QUERY", `${path} is no built-in field of the span`, {
      field: `${path}.expression`,
      hint: "sort by span.startTime, span.duration, span.traceID or span.spanID",
    });
  }
  if (direction !== "" && direction !== "asc" && direction !== "desc") {
    throw new SpanStoreError(
      "INVALID_QUERY",
      `${path} has the unknown direction ${JSON.stringify(direction)}`,
      {
        field: `${path}.direction`,
        hint: "asc, desc, or empty for asc",
      },
    );
  }
  return {
    field: (field.name ?? "") as SpanOrder["field"],
    direction: direction === "desc" ? "desc" : "asc",
  };
}
