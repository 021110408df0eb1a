import { type SpanStore, SpanStoreError, type TraceChunk, type TraceQuery } from "@spanstore/core";

/** Traces asked for at once. */
const tracesPerPage = 500;

type Source = Pick<SpanStore, "capabilities" | "findTraceIds" | "getTraces">;
type Query = Omit<TraceQuery, "limit" | "page">;

export interface WalkOptions {
  readonly signal: AbortSignal;
  /** The newest so many; absent: all. */
  readonly limit?: number | undefined;
}

/**
 * All traces that match, whole, each once, newest match first: chunks as `getTraces` gives them. It goes by pages, so
 * that no more than a page of ids and a chunk are held, and traces that come meanwhile are left out. A server without
 * pages, such as Jaeger's own, is walked by ranges of time, and the ids met so far are held.
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

/** The last instant that Go's nanoseconds reach. */
const latest = 2n ** 63n - 1n;

/** A trace whose spans lie in several ranges is found in each of them, and counts in the first. */
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
