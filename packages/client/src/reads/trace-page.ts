import type { CallOptions, TraceChunk, TraceQuery } from "@spanstore/core";
import type { StoreReads } from "@spanstore/core/engine";

/**
 * Reads one page of findTraces by two calls, since FindTraces of the protocol has no page token in its answer.
 */
export async function* findTracePage(
  store: Pick<StoreReads, "findTraceIds" | "getTraces">,
  query: TraceQuery,
  options: CallOptions,
): AsyncGenerator<TraceChunk, void, undefined> {
  let { page } = query;
  while (page !== undefined) {
    const { traces, nextPageToken } = await store.findTraceIds({ ...query, page }, options);
    const ids = traces.map(({ traceId }) => traceId);
    let last: TraceChunk | undefined;
    for await (const chunk of store.getTraces(ids, { ...options, spanLimit: query.spanLimit })) {
      if (last !== undefined) yield last;
      last = chunk;
    }
    if (last !== undefined) {
      yield nextPageToken === undefined ? last : { ...last, nextPageToken };
      return;
    }
    // All traces of the page were deleted meanwhile. Without a chunk there is no place for the token, so it goes on.
    page = nextPageToken === undefined ? undefined : { size: page.size, token: nextPageToken };
  }
}
