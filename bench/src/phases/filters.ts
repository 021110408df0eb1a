import { filterKinds } from "../data/questions/filters.js";
import type { QueryKind } from "../data/questions/queries.js";
import { methods } from "../driver/client.js";
import { isRefused, type Refused, refusal } from "../driver/measure.js";
import { traceIdsOfSummaries } from "../wire/answers.js";
import { findRequest } from "../wire/requests.js";
import { lackOf } from "./capabilities.js";
import { openReference, type SecondOpinion } from "./checks/reference.js";
import { describe, expectedOf, measureKind, type SearchRow } from "./searches.js";
import type { Session } from "./session.js";

export interface FilterResult {
  readonly rows: readonly SearchRow[];
  readonly memory: SecondOpinion;
}

/** The memory engine is asked at most this many searches of each kind. */
const asksOfMemory = 8;

/** Searches by structured filter on a quiet server; every answer is compared with the data set itself. */
export async function measureFilters(session: Session): Promise<FilterResult | Refused> {
  const lack = await lackOf(session, "filters");
  if (lack !== undefined) {
    session.say(`filters: ${lack.refused}`);
    return lack;
  }
  const kinds = filterKinds(session.set);
  const expected = expectedOf(session, kinds);
  const rows: SearchRow[] = [];
  for (const kind of kinds) {
    const row = await measureKind(session, kind, session.effort, expected.get(kind.name));
    rows.push(row);
    session.say(describe(row));
  }
  const memory = await compareWithMemory(session, kinds);
  session.say(`filters: ${memory.equal} of ${memory.asked} answers equal those of the memory engine`);
  return { rows, memory };
}

/** FindTraceIDs of the newest spans, beside what the memory engine finds among them. */
async function compareWithMemory(session: Session, kinds: readonly QueryKind[]): Promise<SecondOpinion> {
  await using reference = await openReference(session);
  const { store, window, spans } = reference;
  const asked = kinds.flatMap(({ queries }) => queries.slice(0, asksOfMemory));
  let equal = 0;
  for (const { search } of asked) {
    const answer = await session.client
      .unary(methods.findTraceIds, findRequest({ ...search, ...window }))
      .catch(refusal);
    if (isRefused(answer)) continue;
    const { traces } = await store.findTraceIds({
      ...(search.filter === undefined ? {} : { filter: search.filter }),
      startTimeMinUnixNano: window.startMinNano,
      startTimeMaxUnixNano: window.startMaxNano,
      limit: search.limit,
    });
    if (traceIdsOfSummaries([answer]).join() === traces.map(({ traceId }) => traceId).join()) equal++;
  }
  return { asked: asked.length, equal, spans };
}
