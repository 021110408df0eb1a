import { requiredTraceIds } from "../../query/filter/language/trace-ids.js";
import { maxUnixNano } from "../../query/search-of-query.js";
import type { CandidateBatch, CandidateSearch, EngineReader } from "../contract/engine.js";
import type { Reading } from "../contract/reading.js";

const traceIdForm = /^[0-9a-f]{32}$/;

/** The candidates of a search: the fragments of the traces that the predicate names, or else those of the engine's index. */
export function candidatesOf(
  engine: EngineReader,
  search: CandidateSearch,
  reading: Reading,
  signal: AbortSignal | undefined,
): AsyncIterable<CandidateBatch> {
  const ids = requiredTraceIds(search.predicate);
  if (ids === undefined) return engine.candidates(search, signal, reading);
  // No span has a trace id of another form.
  const known = [...ids].filter((id) => traceIdForm.test(id));
  return inTraces(engine, known, reading, signal);
}

async function* inTraces(
  engine: EngineReader,
  traceIds: readonly string[],
  reading: Reading,
  signal: AbortSignal | undefined,
): AsyncGenerator<CandidateBatch, void, undefined> {
  if (traceIds.length === 0) return;
  for await (const fragments of engine.fragments(traceIds, signal, reading)) {
    yield { fragments, laterStartAtMostUnixNano: maxUnixNano };
  }
}
