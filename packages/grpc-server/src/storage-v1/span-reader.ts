import { messageCodec, traceIdOf } from "@spanstore/client/wire";
import { type SpanStore, SpanStoreError, type TraceChunk } from "@spanstore/core";
import { createTurns } from "@spanstore/core/engine";
import { spansResponseChunks } from "@spanstore/jaeger";
import type { ServiceMethods, StreamMethod } from "@spanstore/rpc";
import { queryFromProto, type TraceQueryParameters } from "./query-from-proto.js";

interface SearchRequest {
  readonly query?: TraceQueryParameters;
}

interface GetOperationsRequest {
  readonly service?: string;
  readonly spanKind?: string;
}

interface GetOperationsResponse {
  readonly operationNames: readonly string[];
  readonly operations: readonly object[];
}

/**
 * The bounds of a message: clients receive 4 MiB by default, and Jaeger's servers send at most 1000 spans. A message has
 * the spans of one chunk of the store, so it seldom reaches them.
 */
const bounds = { spans: 1000, bytes: 2 * 1024 * 1024 };

/** jaeger.storage.v1.SpanReaderPlugin over a store. */
export function spanReader(store: SpanStore): ServiceMethods & { streams: { GetTrace: StreamMethod } } {
  const getTrace = messageCodec<{ traceId?: Uint8Array }>("jaeger.storage.v1.GetTraceRequest");
  const servicesResponse = messageCodec<{ services: string[] }>("jaeger.storage.v1.GetServicesResponse");
  const getOperations = messageCodec<GetOperationsRequest>("jaeger.storage.v1.GetOperationsRequest");
  const operationsResponse = messageCodec<GetOperationsResponse>("jaeger.storage.v1.GetOperationsResponse");
  const findTraces = messageCodec<SearchRequest>("jaeger.storage.v1.FindTracesRequest");
  const findTraceIds = messageCodec<SearchRequest>("jaeger.storage.v1.FindTraceIDsRequest");
  const idsResponse = messageCodec<{ traceIds: Buffer[] }>("jaeger.storage.v1.FindTraceIDsResponse");

  return {
    unary: {
      async GetServices(_request, signal) {
        return servicesResponse.encode({ services: await store.getServices({ signal }) });
      },
      async GetOperations(request, signal) {
        const { service = "", spanKind = "" } = getOperations.decode(request);
        const operations = await store.getOperations({ service, spanKind }, { signal });
        return operationsResponse.encode({
          operationNames: [...new Set(operations.map(({ name }) => name))],
          operations,
        });
      },
      async FindTraceIDs(request, signal) {
        const query = queryFromProto(findTraceIds.decode(request).query);
        const { traces } = await store.findTraceIds(query, { signal });
        return idsResponse.encode({ traceIds: traces.map(({ traceId }) => Buffer.from(traceId, "hex")) });
      },
    },
    streams: {
      async *GetTrace(request, signal) {
        const id = traceIdOf(getTrace.decode(request).traceId, "trace_id");
        let found = false;
        for await (const message of spanResponses(store.getTraces([id], { signal }))) {
          found = true;
          yield message;
        }
        // Jaeger's client recognizes the error by this text.
        if (!found) throw new SpanStoreError("NOT_FOUND", "trace not found");
      },
      FindTraces(request, signal) {
        const query = queryFromProto(findTraces.decode(request).query);
        return spanResponses(store.findTraces(query, { signal }));
      },
    },
  };
}

/** Translates the spans of chunks to Jaeger's model as the client takes them. */
export async function* spanResponses(
  chunks: AsyncIterable<TraceChunk>,
): AsyncGenerator<Uint8Array, void, undefined> {
  const turns = createTurns();
  for await (const { encoded } of chunks) {
    for (const message of spansResponseChunks(encoded, bounds)) {
      yield message;
      await turns();
    }
  }
}
