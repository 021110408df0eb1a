import { messageCodec, traceIdOf } from "@spanstore/client/wire";
import { SpanStoreError } from "@spanstore/core";
import type { ServiceMethods } from "@spanstore/rpc";
import { queryFromProto, type TraceQueryParameters } from "../storage-v1/query-from-proto.js";
import { spanReader, spanResponses } from "../storage-v1/span-reader.js";
import { dependencyReader } from "../storage-v2/dependency-reader.js";
import { picked, type QueryStores, traceShown, tracesShown } from "./shown.js";

interface GetTraceRequest {
  readonly traceId?: Uint8Array;
  readonly rawTraces?: boolean;
}

interface FindTracesRequest {
  readonly query?: Omit<TraceQueryParameters, "numTraces"> & {
    readonly searchDepth?: number;
    readonly rawTraces?: boolean;
  };
}

/** jaeger.api_v2.QueryService. The other methods have the messages of storage.v1, field by field. */
export function queryServiceV2(stores: QueryStores): ServiceMethods {
  const getTrace = messageCodec<GetTraceRequest>("jaeger.api_v2.GetTraceRequest");
  const findTraces = messageCodec<FindTracesRequest>("jaeger.api_v2.FindTracesRequest");
  return {
    unary: {
      ...picked(spanReader(stores.store).unary, "GetServices", "GetOperations"),
      ...dependencyReader(stores.store, "jaeger.storage.v1"),
      async ArchiveTrace(request, signal) {
        const id = traceIdOf(getTrace.decode(request).traceId, "trace_id");
        if (stores.archive === undefined) {
          throw new SpanStoreError("UNSUPPORTED", "archive span storage was not configured");
        }
        const archive = await stores.archive();
        let isFound = false;
        for await (const { encoded } of stores.store.getTraces([id], { signal })) {
          isFound = true;
          await archive.write(encoded, { signal });
        }
        if (!isFound) throw notFound();
        return new Uint8Array(0);
      },
    },
    streams: {
      async *GetTrace(request, signal) {
        const { traceId, rawTraces = false } = getTrace.decode(request);
        const chunks = await traceShown(stores, traceIdOf(traceId, "trace_id"), rawTraces, signal);
        if (chunks === undefined) throw notFound();
        yield* spanResponses(chunks);
      },
      FindTraces(request, signal) {
        const { query } = findTraces.decode(request);
        if (query === undefined)
          throw new SpanStoreError("INVALID_QUERY", "missing query", { field: "query" });
        const { searchDepth = 0, rawTraces = false, ...rest } = query;
        const found = stores.store.findTraces(queryFromProto({ ...rest, numTraces: searchDepth }), {
          signal,
        });
        return spanResponses(tracesShown(stores, found, rawTraces, signal));
      },
    },
  };
}

function notFound(): SpanStoreError {
  return new SpanStoreError("NOT_FOUND", "trace not found");
}
