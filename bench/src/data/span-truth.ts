import { completeSpansOf } from "../wire/answers.js";
import type { SpanSearch } from "../wire/requests.js";
import { createWriter, written } from "../wire/writer.js";
import { putResourceSpans, putSpan, timeBase } from "./encode.js";
import { spansPerTrace } from "./flows.js";
import type { Query } from "./questions/queries.js";
import { type ResourceTemplate, resources } from "./resources.js";
import { createDraft, type DataSet, draftTrace, hexWord, maxSpanOffsetNano, stepNano } from "./trace.js";
import { instancesPerService } from "./vocabulary.js";

/** A search for spans with its own notion of which match. */
export interface SpanQuery {
  readonly search: SpanSearch;
  readonly matches: Query["matches"];
}

interface FoundSpan {
  readonly age: number;
  readonly span: number;
  readonly startTime: number;
  readonly duration: number;
  readonly traceID: string;
  readonly spanID: string;
}

const defaultOrder = [
  { field: "startTime", direction: "desc" },
  { field: "traceID", direction: "asc" },
  { field: "spanID", direction: "asc" },
] as const;

/** How many traces are read before the found ones are sorted. */
const tracesAtOnce = 2000;

/**
 * The first `limit` spans that a search must give on the traces of ages `newest` to the oldest, in order,
 * each as `completeSpansOf` reads it.
 */
export function expectedSpans(set: DataSet, newest: number, query: SpanQuery, limit: number): string[] {
  const order = [...(query.search.orderBy ?? []), ...defaultOrder];
  const compare = (a: FoundSpan, b: FoundSpan): number => {
    for (const { field, direction } of order) {
      if (a[field] === b[field]) continue;
      return a[field] < b[field] === (direction === "asc") ? -1 : 1;
    }
    return 0;
  };
  const newestFirst = order[0]?.field === "startTime" && order[0].direction === "desc";
  const draft = createDraft();
  let found: FoundSpan[] = [];
  for (let age = newest; age < set.traces; age++) {
    if ((age - newest) % tracesAtOnce === 0 && found.length >= limit) {
      found = found.sort(compare).slice(0, limit);
      // No span of this or an older trace starts later than this.
      const latest = -age * stepNano + maxSpanOffsetNano;
      if (newestFirst && (found[limit - 1] as FoundSpan).startTime > latest) break;
    }
    draftTrace(set, age, draft);
    for (let i = 0; i < spansPerTrace; i++) {
      if (!query.matches(draft, i)) continue;
      found.push({
        age,
        span: i,
        startTime: draft.start[i] as number,
        duration: draft.duration[i] as number,
        traceID: Array.from(draft.traceId, hexWord).join(""),
        spanID: hexWord(draft.spanId[2 * i] as number) + hexWord(draft.spanId[2 * i + 1] as number),
      });
    }
  }
  const encode = createSpanEncoder(set);
  return found
    .sort(compare)
    .slice(0, limit)
    .map(({ age, span }) => encode(age, span));
}

/** Encodes single spans with their resource and scope, as they are read out of an answer. */
function createSpanEncoder(set: DataSet): (age: number, span: number) => string {
  const base = timeBase(set.endNano);
  const draft = createDraft();
  const encoded = createWriter(2048);
  const group = createWriter(4096);
  return (age, span) => {
    draftTrace(set, age, draft);
    encoded.length = 0;
    putSpan(encoded, draft, span, base);
    const slot = draft.flow.slots[span];
    if (slot === undefined) throw new Error(`no span ${span}`);
    const resource = resources[slot.service * instancesPerService + (draft.instance[slot.seat] as number)];
    group.length = 0;
    putResourceSpans(group, resource as ResourceTemplate, encoded.bytes.subarray(0, encoded.length));
    return completeSpansOf([written(group)])[0] ?? "";
  };
}
