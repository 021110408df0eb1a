import { fingerprintOf } from "../../query/fingerprint.js";
import { decodePageToken, encodePageToken } from "../../query/page-token.js";
import { searchOfQuery } from "../../query/search-of-query.js";
import type { TraceQuery } from "../../query/trace-query.js";
import type { EngineReader } from "../contract/engine.js";
import type { Reading } from "../contract/reading.js";
import { type Continuation, findMatches, type Match } from "./search.js";

/** The matches of a query, or one page of them. */
export interface MatchPage {
  readonly matches: readonly Match[];
  readonly nextPageToken?: string;
}

export async function findMatchPage(
  engine: EngineReader,
  query: TraceQuery,
  reading: Reading,
  signal: AbortSignal | undefined,
): Promise<MatchPage> {
  const { limit, ...search } = searchOfQuery(query);
  if (query.page === undefined) {
    return { matches: await findMatches(engine, search, limit, undefined, reading, signal) };
  }
  const fingerprint = fingerprintOf(["traces", search]);
  const walk: Continuation = query.page.token
    ? continuationOf(query.page.token, fingerprint)
    : { sequence: await engine.sequence(signal) };
  // One match more than the page shows whether there is a next page.
  const found = await findMatches(engine, search, limit + 1, walk, reading, signal);
  const matches = found.slice(0, limit);
  const last = matches[matches.length - 1];
  if (found.length <= limit || last === undefined) return { matches };
  const cursor = [String(last.startTimeUnixNano), last.traceId];
  return { matches, nextPageToken: encodePageToken({ sequence: walk.sequence, cursor }, fingerprint) };
}

function continuationOf(token: string, fingerprint: string): Continuation {
  const { sequence, cursor } = decodePageToken(token, fingerprint, "page.token");
  const [start = "0", traceId = ""] = cursor;
  return { sequence, after: { startTimeUnixNano: BigInt(start), traceId } };
}
