import { kinds, spansPerTrace } from "./flows.js";
import type { Query } from "./questions/queries.js";
import { createDraft, type DataSet, draftTrace, maxSpanOffsetNano, stepNano, traceIdOf } from "./trace.js";
import { services } from "./vocabulary.js";

interface Candidate {
  readonly start: number;
  readonly age: number;
}

/**
 * The right answer to each query on the traces of ages `newest` to the oldest: the ids of its newest
 * traces, by the start of their newest matching span, at most its limit. One pass over the data set.
 */
export function expectedTraceIds(set: DataSet, newest: number, queries: readonly Query[]): string[][] {
  const found: Candidate[][] = queries.map(() => []);
  let open = queries.map((_, index) => index);
  const draft = createDraft();
  for (let age = newest; age < set.traces && open.length > 0; age++) {
    draftTrace(set, age, draft);
    // No span of this or an older trace starts later than this.
    const latest = -age * stepNano + maxSpanOffsetNano;
    let closed = false;
    for (const index of open) {
      const { matches, search } = queries[index] as Query;
      const candidates = found[index] as Candidate[];
      const last = candidates[search.limit - 1];
      if (last !== undefined && last.start > latest) {
        closed = true;
        found[index] = candidates.slice(0, search.limit);
        continue;
      }
      let start = Number.NEGATIVE_INFINITY;
      for (let i = 0; i < spansPerTrace; i++) {
        if ((draft.start[i] as number) > start && matches(draft, i)) start = draft.start[i] as number;
      }
      if (start !== Number.NEGATIVE_INFINITY) insertNewestFirst(candidates, { start, age });
    }
    if (closed)
      open = open.filter((index) => !isClosed(queries[index] as Query, found[index] as Candidate[], latest));
  }
  return found.map((candidates, index) =>
    candidates
      .map(({ start, age }) => ({ start, id: traceIdOf(set, age) }))
      .sort((a, b) => b.start - a.start || (a.id < b.id ? -1 : 1))
      .slice(0, (queries[index] as Query).search.limit)
      .map(({ id }) => id),
  );
}

function isClosed(query: Query, candidates: readonly Candidate[], latest: number): boolean {
  const last = candidates[query.search.limit - 1];
  return last !== undefined && last.start > latest;
}

function insertNewestFirst(candidates: Candidate[], candidate: Candidate): void {
  let at = candidates.length;
  while (at > 0 && (candidates[at - 1] as Candidate).start < candidate.start) at--;
  candidates.splice(at, 0, candidate);
}

/** The facts about a whole data set without a store. */
export interface Inventory {
  /** Sorted. */
  readonly services: readonly string[];
  /** By service, `name|kind`, sorted. */
  readonly operations: ReadonlyMap<string, readonly string[]>;
}

const kindWords = new Map<number, string>(Object.entries(kinds).map(([word, kind]) => [kind, word]));

/** The services and operations of the traces of ages `newest` to the oldest. */
export function inventoryOf(set: DataSet, newest: number): Inventory {
  const operations = new Map<string, Set<string>>();
  const seen = new Set<number>();
  const draft = createDraft();
  for (let age = newest; age < set.traces; age++) {
    draftTrace(set, age, draft);
    if (seen.has(draft.flowIndex)) continue;
    seen.add(draft.flowIndex);
    for (const { service, operation, kind } of draft.flow.slots) {
      const name = services[service] as string;
      const known = operations.get(name) ?? new Set();
      operations.set(name, known.add(`${operation}|${kindWords.get(kind)}`));
    }
  }
  const sorted = [...operations].map(([name, known]) => [name, [...known].sort()] as const);
  return { services: [...operations.keys()].sort(), operations: new Map(sorted) };
}

/** Adds to `calls` (by `parent>child`) what the traces of ages `newest` to `oldest` call. */
export function addCalls(set: DataSet, newest: number, oldest: number, calls: Map<string, number>): void {
  const draft = createDraft();
  for (let age = newest; age <= oldest; age++) {
    draftTrace(set, age, draft);
    for (const [parent, child] of draft.flow.calls) {
      const key = `${services[parent]}>${services[child]}`;
      calls.set(key, (calls.get(key) ?? 0) + 1);
    }
  }
}
