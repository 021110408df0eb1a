import { loadLanguage } from "../filter/load.js";
import { ask } from "./client.js";
import { searchSpans } from "./search.js";

/** The bytes of a trace as they are stored: an encoded TracesData. */
export async function loadTrace(traceId: string, signal: AbortSignal): Promise<Uint8Array> {
  const answer = await ask(`api/v3/traces/${encodeURIComponent(traceId)}`, {
    params: { rawTraces: "true" },
    accept: "application/x-protobuf",
    isLarge: true,
    signal,
  });
  return new Uint8Array(await answer.arrayBuffer());
}

/** A trace as OTLP/JSON, as it is stored. */
export async function loadTraceJson(traceId: string): Promise<string> {
  const answer = await ask(`api/v3/traces/${encodeURIComponent(traceId)}`, { params: { rawTraces: "true" } });
  return JSON.stringify(((await answer.json()) as { result: unknown }).result, undefined, 2);
}

/** So many spans that match are marked in a trace. */
const mostMatches = 2000;

/** Ids of the spans of a trace that a filter finds. */
export async function matchingSpans(
  traceId: string,
  filter: string,
  signal: AbortSignal,
): Promise<ReadonlySet<string>> {
  const { withinTrace } = await loadLanguage();
  const q = withinTrace(filter, traceId);
  const { items } = await searchSpans({ q, pageSize: mostMatches }, signal);
  return new Set(items.map(({ spanId }) => spanId));
}
