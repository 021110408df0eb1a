import { type SpanStore, SpanStoreError, type TraceChunk, type TraceQuery } from "@spanstore/core";

/** The traces of one page. */
const tracesPerPage = 500;

type Source = Pick<SpanStore, "capabilities" | "findTraceIds" | "getTraces">;
type Query = Omit<TraceQuery, "limit" | "page">;

export interface WalkOptions {
  readonly signal: AbortSignal;
  /** The number of traces, the newest. Default: all. */
  readonly limit?: number | undefined;
}

/**
 * All matching traces, whole, each once, newest match first, in the chunks of `getTraces`. It reads by pages, so it holds
 * one page of ids and one chunk, and leaves out traces that arrive meanwhile. It reads a server without pages, such as
 * Jaeger's own, by ranges of time, and holds the ids of all traces so far.
 */
export async function* walkTraces(
  store: Source,
  query: Query,
  { signal, limit = Number.POSITIVE_INFINITY }: WalkOptions,
): AsyncGenerator<TraceChunk, void, undefined> {
  const { paginated } = await store.capabilities({ signal });
  const pages = paginated ? byPages(store, query, limit, signal) : byRanges(store, query, signal);
  let left = limit;
  for await (const ids of pages) {
    const wanted = ids.slice(0, left);
    left -= wanted.length;
    if (wanted.length > 0) yield* store.getTraces(wanted, { signal });
    if (left <= 0) return;
  }
}

async function* byPages(
  store: Source,
  query: Query,
  limit: number,
  signal: AbortSignal,
): AsyncGenerator<string[], void, undefined> {
  const size = Math.min(tracesPerPage, limit);
  for (let token: string | undefined = ""; token !== undefined; ) {
    const { traces, nextPageToken } = await store.findTraceIds(
      { ...query, page: { size, token } },
      { signal },
    );
    yield traces.map(({ traceId }) => traceId);
    token = nextPageToken;
  }
}

/** The last instant in Go's signed 64-bit nanoseconds. */
const latest = 2n ** 63n - 1n;

/** Several ranges may find the same trace; it counts in the first. */
async function* byRanges(
  store: Source,
  query: Query,
  signal: AbortSignal,
): AsyncGenerator<string[], void, undefined> {
  const waiting = [{ min: query.startTimeMinUnixNano ?? 0n, max: query.startTimeMaxUnixNano ?? latest }];
  const met = new Set<string>();
  for (let range = waiting.pop(); range !== undefined; range = waiting.pop()) {
    const { min, max } = range;
    const { traces } = await store.findTraceIds(
      { ...query, startTimeMinUnixNano: min, startTimeMaxUnixNano: max, limit: tracesPerPage },
      { signal },
    );
    if (traces.length < tracesPerPage) {
      const fresh = traces.map(({ traceId }) => traceId).filter((id) => !met.has(id));
      for (const id of fresh) met.add(id);
      yield [...new Set(fresh)];
      continue;
    }
    if (min >= max) {
      throw new SpanStoreError("UNSUPPORTED", `${tracesPerPage} traces or more start within a nanosecond`, {
        hint: "the server has no pages, by which they could be told apart; ask its backend itself",
      });
    }
    const middle = (min + max) / 2n;
    waiting.push({ min, max: middle }, { min: middle + 1n, max });
  }
}
