import {
  type Duration,
  filterOf,
  messageCodec,
  type Pagination,
  type Timestamp,
  traceQueryOf,
} from "@spanstore/client/wire";
import { SpanStoreError, type TraceChunk, type TraceQuery, type TraceSummary } from "@spanstore/core";
import type { ServiceMethods } from "@spanstore/rpc";
import { dependencyReader } from "../storage-v2/dependency-reader.js";
import { traceReader } from "../storage-v2/trace-reader.js";
import { picked, type QueryStores, traceShown, tracesShown } from "./shown.js";

interface SearchRequest {
  readonly query?: {
    readonly serviceName?: string;
    readonly operationName?: string;
    readonly attributes?: Readonly<Record<string, string>>;
    readonly startTimeMin?: Timestamp;
    readonly startTimeMax?: Timestamp;
    readonly durationMin?: Duration;
    readonly durationMax?: Duration;
    readonly searchDepth?: number;
    readonly rawTraces?: boolean;
    readonly pagination?: Pagination;
  };
}

interface GetTraceRequest {
  readonly traceId?: string;
  readonly rawTraces?: boolean;
}

/** The structured filter's number in TraceQueryParameters. */
const filterField = 10;

/** jaeger.api_v3.QueryService. The other methods have the messages of storage.v2. */
export function queryServiceV3(stores: QueryStores): ServiceMethods {
  const getTrace = messageCodec<GetTraceRequest>("jaeger.api_v3.GetTraceRequest");
  const search = messageCodec<SearchRequest>("jaeger.api_v3.FindTracesRequest");
  const response = messageCodec<{ summaries: object[]; nextPageToken?: string }>(
    "jaeger.api_v3.FindTraceSummariesResponse",
  );
  const { unary, streams } = traceReader(stores.store);
  return {
    unary: {
      ...picked(unary, "GetServices", "GetOperations"),
      ...dependencyReader(stores.store, "jaeger.storage.v2"),
    },
    streams: {
      ...picked(streams, "FindSpans"),
      async *GetTrace(request, signal) {
        const { traceId = "", rawTraces = false } = getTrace.decode(request);
        yield* encoded(await traceShown(stores, checkedId(traceId), rawTraces, signal));
      },
      async *FindTraces(request, signal) {
        const { query, rawTraces } = queryOf(search.decode(request), request);
        if (query.page !== undefined) {
          throw new SpanStoreError("INVALID_QUERY", "FindTraces does not page: its response has no token", {
            field: "query.pagination",
            hint: "page through FindTraceSummaries, and get the traces of each page by GetTrace",
          });
        }
        yield* encoded(tracesShown(stores, stores.store.findTraces(query, { signal }), rawTraces, signal));
      },
      async *FindTraceSummaries(request, signal) {
        const { query } = queryOf(search.decode(request), request);
        for await (const { summaries, nextPageToken } of stores.store.findTraceSummaries(query, { signal })) {
          yield response.encode({
            summaries: summaries.map(protoSummary),
            ...(nextPageToken === undefined ? {} : { nextPageToken }),
          });
        }
      },
    },
  };
}

/** @throws INVALID_QUERY naming the field at fault as the protocol names it. */
function queryOf({ query }: SearchRequest, request: Buffer): { query: TraceQuery; rawTraces: boolean } {
  if (query === undefined) throw new SpanStoreError("INVALID_QUERY", "missing query", { field: "query" });
  const { attributes = {}, rawTraces = false, ...rest } = query;
  const asked = traceQueryOf(
    {
      ...rest,
      attributes: Object.entries(attributes).map(([key, value]) => ({ key, value: { stringValue: value } })),
    },
    filterOf(request, filterField),
  );
  for (const [name, time] of [
    ["query.start_time_min", asked.startTimeMinUnixNano],
    ["query.start_time_max", asked.startTimeMaxUnixNano],
  ] as const) {
    if (time === undefined) {
      throw new SpanStoreError("INVALID_QUERY", "start time min and max are required parameters", {
        field: name,
      });
    }
  }
  return { query: asked, rawTraces };
}

async function* encoded(chunks: AsyncIterable<TraceChunk> | undefined): AsyncGenerator<Uint8Array, void> {
  if (chunks !== undefined) for await (const chunk of chunks) yield chunk.encoded;
}

function checkedId(text: string): string {
  if (/^[0-9a-fA-F]{1,32}$/.test(text)) return text.toLowerCase().padStart(32, "0");
  throw new SpanStoreError("INVALID_QUERY", "a trace id is 1 to 32 hex digits", { field: "trace_id" });
}

function protoSummary(summary: TraceSummary): object {
  return {
    ...summary,
    minStartTimeUnixNano: String(summary.minStartTimeUnixNano),
    maxEndTimeUnixNano: String(summary.maxEndTimeUnixNano),
  };
}
