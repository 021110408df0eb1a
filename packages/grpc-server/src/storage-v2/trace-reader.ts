import {
  encodeFindSpansResponse,
  filterOf,
  type MessageCodec,
  messageCodec,
  type ProtoFoundTrace,
  type ProtoSummary,
  protoFoundTrace,
  protoSummary,
  type SpanQueryParameters,
  spanFilterField,
  spanQueryOf,
  type TraceQueryParameters,
  traceFilterField,
  traceIdOf,
  traceQueryOf,
} from "@spanstore/client/wire";
import { type SpanStore, SpanStoreError, type TraceChunk } from "@spanstore/core";
import type { StreamMethod, UnaryMethod } from "@spanstore/rpc";

interface SearchRequest {
  readonly query?: TraceQueryParameters;
}

interface GetTracesRequest {
  readonly query?: readonly { readonly traceId?: Uint8Array }[];
}

interface GetOperationsRequest {
  readonly service?: string;
  readonly spanKind?: string;
}

/** jaeger.storage.v2.TraceReader over a store. */
export function traceReader(store: SpanStore): {
  unary: Record<string, UnaryMethod>;
  streams: Record<string, StreamMethod>;
} {
  const getTraces = messageCodec<GetTracesRequest>("jaeger.storage.v2.GetTracesRequest");
  const servicesResponse = messageCodec<{ services: string[] }>("jaeger.storage.v2.GetServicesResponse");
  const getOperations = messageCodec<GetOperationsRequest>("jaeger.storage.v2.GetOperationsRequest");
  const operationsResponse = messageCodec<{ operations: object[] }>(
    "jaeger.storage.v2.GetOperationsResponse",
  );
  const findTraces = messageCodec<SearchRequest>("jaeger.storage.v2.FindTracesRequest");
  const findTraceIds = messageCodec<SearchRequest>("jaeger.storage.v2.FindTraceIDsRequest");
  const idsResponse = messageCodec<{ traceIds: ProtoFoundTrace[]; nextPageToken?: string }>(
    "jaeger.storage.v2.FindTraceIDsResponse",
  );
  const findSummaries = messageCodec<SearchRequest>("jaeger.storage.v2.FindTraceSummariesRequest");
  const summariesResponse = messageCodec<{ summaries: ProtoSummary[]; nextPageToken?: string }>(
    "jaeger.storage.v2.FindTraceSummariesResponse",
  );
  const findSpans = messageCodec<{ query?: SpanQueryParameters }>("jaeger.storage.v2.FindSpansRequest");

  const traceQuery = (codec: MessageCodec<SearchRequest>, request: Buffer) =>
    traceQueryOf(codec.decode(request).query, filterOf(request, traceFilterField));

  return {
    unary: {
      async GetServices(_request, signal) {
        return servicesResponse.encode({ services: await store.getServices({ signal }) });
      },
      async GetOperations(request, signal) {
        const { service = "", spanKind = "" } = getOperations.decode(request);
        return operationsResponse.encode({
          operations: await store.getOperations({ service, spanKind }, { signal }),
        });
      },
      async FindTraceIDs(request, signal) {
        const { traces, nextPageToken } = await store.findTraceIds(traceQuery(findTraceIds, request), {
          signal,
        });
        return idsResponse.encode({ traceIds: traces.map(protoFoundTrace), ...tokenOf(nextPageToken) });
      },
    },
    streams: {
      async *GetTraces(request, signal) {
        const ids = (getTraces.decode(request).query ?? []).map(({ traceId }, i) =>
          traceIdOf(traceId, `query[${i}].trace_id`),
        );
        if (ids.length > 0) yield* encodedChunks(store.getTraces(ids, { signal }));
      },
      async *FindTraces(request, signal) {
        const query = traceQuery(findTraces, request);
        if (query.page !== undefined) {
          throw new SpanStoreError("INVALID_QUERY", "FindTraces does not page: its response has no token", {
            field: "query.pagination",
            hint: "page through FindTraceIDs, and get the traces of each page by GetTraces",
          });
        }
        yield* encodedChunks(store.findTraces(query, { signal }));
      },
      async *FindTraceSummaries(request, signal) {
        const query = traceQuery(findSummaries, request);
        for await (const { summaries, nextPageToken } of store.findTraceSummaries(query, { signal })) {
          yield summariesResponse.encode({
            summaries: summaries.map(protoSummary),
            ...tokenOf(nextPageToken),
          });
        }
      },
      async *FindSpans(request, signal) {
        const query = spanQueryOf(findSpans.decode(request).query, filterOf(request, spanFilterField));
        for await (const chunk of store.findSpans(query, { signal })) yield encodeFindSpansResponse(chunk);
      },
    },
  };
}

function tokenOf(nextPageToken: string | undefined): { nextPageToken?: string } {
  return nextPageToken === undefined ? {} : { nextPageToken };
}

/** A chunk is an encoded TracesData, so its bytes are the response. */
async function* encodedChunks(chunks: AsyncIterable<TraceChunk>): AsyncGenerator<Uint8Array, void> {
  for await (const chunk of chunks) yield chunk.encoded;
}
