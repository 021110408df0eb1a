import { loadLanguage } from "../filter/load.js";
import { ask } from "./client.js";
import { searchSpans } from "./search.js";

/** Loads the stored bytes of a trace, an encoded TracesData. */
export async function loadTrace(traceId: string, signal: AbortSignal): Promise<Uint8Array> {
  const answer = await ask(`api/v3/traces/${encodeURIComponent(traceId)}`, {
    params: { rawTraces: "true" },
    accept: "application/x-protobuf",
    isLarge: true,
    signal,
  });
  return new Uint8Array(await answer.arrayBuffer());
}

/** Loads a stored trace as OTLP/JSON. */
export async function loadTraceJson(traceId: string): Promise<string> {
  const answer = await ask(`api/v3/traces/${encodeURIComponent(traceId)}`, { params: { rawTraces: "true" } });
  return JSON.stringify(((await answer.json()) as { result: unknown }).result, undefined, 2);
}

/** The most marked spans in a trace. */
const mostMatches = 2000;

/** Finds the ids of a trace's spans that match a filter. */
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
