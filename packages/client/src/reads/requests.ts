import {
  type DependencyQuery,
  type FilterCall,
  type OperationQuery,
  type SpanQuery,
  SpanStoreError,
  type TraceQuery,
} from "@spanstore/core";
import { checkTimeRange, defaultLimit, encodeFilter } from "@spanstore/core/engine";
import { parseTraceId } from "@spanstore/core/otlp";
import { spanFilterField, traceFilterField } from "../wire/filter-of.js";
import { lengthDelimited } from "../wire/length-delimited.js";
import { messageCodec } from "../wire/protos.js";
import { protoPagination } from "../wire/query/pagination.js";
import { protoAttributes } from "../wire/query/values.js";
import { latestNano, protoDuration, type Timestamp, timestampOf } from "../wire/times.js";

/** The field of the parameters in every search request. */
const queryField = 1;
const maxInt32 = 2 ** 31 - 1;

/** Encodes queries of a SpanStore as requests of jaeger.storage.v2. */
export function createRequestEncoder() {
  const getTraces = messageCodec<{ query: { traceId: Buffer }[] }>("jaeger.storage.v2.GetTracesRequest");
  const getOperations = messageCodec<OperationQuery>("jaeger.storage.v2.GetOperationsRequest");
  const getDependencies = messageCodec<object>("jaeger.storage.v2.GetDependenciesRequest");
  const traceParameters = messageCodec<object>("jaeger.storage.v2.TraceQueryParameters");
  const spanParameters = messageCodec<object>("jaeger.storage.v2.SpanQueryParameters");

  return {
    /** @throws INVALID_QUERY naming the malformed id. */
    traces(traceIds: readonly string[]): Buffer {
      const ids = new Set(traceIds.map((id, i) => parseTraceId(id, `traceIds[${i}]`)));
      return getTraces.encode({ query: Array.from(ids, (id) => ({ traceId: Buffer.from(id, "hex") })) });
    },

    operations: (query: OperationQuery): Buffer => getOperations.encode(query),

    dependencies(query: DependencyQuery): Buffer {
      const { min, max } = timeRange(query.startTimeUnixNano, query.endTimeUnixNano);
      return getDependencies.encode({ startTime: min, endTime: max });
    },

    /**
     * A request of FindTraces, FindTraceIDs or FindTraceSummaries, which have the same fields.
     * @throws INVALID_QUERY for values that the protocol cannot express; the server checks everything else.
     */
    traceSearch(query: TraceQuery): Buffer {
      const { min, max } = timeRange(query.startTimeMinUnixNano, query.startTimeMaxUnixNano);
      const parameters = traceParameters.encode({
        serviceName: query.service ?? "",
        operationName: query.operation ?? "",
        attributes: protoAttributes(query.attributes ?? {}),
        startTimeMin: min,
        startTimeMax: max,
        durationMin: protoDuration(query.minDurationNano),
        durationMax: protoDuration(query.maxDurationNano),
        searchDepth: searchDepth(query),
        pagination: protoPagination(query.page),
      });
      return searchRequest(parameters, traceFilterField, query.filter);
    },

    /** @throws as {@link traceSearch}. */
    spanSearch(query: SpanQuery): Buffer {
      const { min, max } = timeRange(query.startTimeMinUnixNano, query.startTimeMaxUnixNano);
      const parameters = spanParameters.encode({
        startTimeMin: min,
        startTimeMax: max,
        pagination: protoPagination(query.page),
        orderBy: (query.orderBy ?? []).map(({ field, direction = "asc" }) => ({
          expression: { field: { name: field, level: "span" } },
          direction,
        })),
      });
      return searchRequest(parameters, spanFilterField, query.filter);
    },
  };
}

/** Appends core's encoding of the filter to the other parameters. */
function searchRequest(parameters: Buffer, filterField: number, filter: FilterCall | undefined): Buffer {
  const parts = filter === undefined ? [] : lengthDelimited(filterField, encodeFilter(filter));
  return Buffer.concat(lengthDelimited(queryField, Buffer.concat([parameters, ...parts])));
}

/** A time before 1970 stands for a bound of exactly 0, since 0 means no bound. */
const beforeEverything: Timestamp = { seconds: "-1" };

/**
 * An open end, in the year 2846. Some of Jaeger's stores compute in Go's int64 nanoseconds, which end in 2262 and wrap
 * around. This is the first time after OTLP's last one that wraps to the largest of these.
 */
const afterEverything = timestampOf(2n ** 64n + 2n ** 63n - 1n);

/** Always sends both ends, because Jaeger's servers require them. */
function timeRange(from: bigint | undefined, to: bigint | undefined): { min: Timestamp; max: Timestamp } {
  const { min, max } = checkTimeRange(from, to, "startTime");
  return { min: timestampOf(min), max: endOf(max) };
}

function endOf(max: bigint): Timestamp {
  if (max === 0n) return beforeEverything;
  return max === latestNano ? afterEverything : timestampOf(max);
}

/** Sends the default too, because Jaeger's servers have none. */
function searchDepth({ limit = 0, page }: TraceQuery): number {
  if (!Number.isFinite(limit)) {
    throw new SpanStoreError("INVALID_QUERY", "limit is not a number", { field: "limit" });
  }
  if (limit > 0) return Math.min(Math.max(1, Math.floor(limit)), maxInt32);
  return page === undefined ? defaultLimit : 0;
}
