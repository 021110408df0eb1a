import {
  type CandidateSearch,
  type CandidateWindow,
  type EngineReader,
  type Fragment,
  isImpossible,
  requiredTerms,
  throwIfAborted,
} from "@spanstore/core";
import type { Kept, KeptFragments } from "./kept.js";
import { filterOf, type Query } from "./lower.js";
import type { Naming } from "./naming.js";
import type { Hit } from "./paging.js";
import { endOfMicro } from "./times.js";

/** Candidates are listed in numbers that double from a little above the limit up to this. */
const maxListed = 1_024;
const fewestListed = 16;
/** ... while a page of them is not about this large. */
const targetPageBytes = 4 * 1024 * 1024;
/** Fragments are unpacked and handed over this many at a time. */
const fragmentsPerWindow = 32;
const fewestPerWindow = 8;
/** Traces that are read with one search, if all their fragments are no more than it gives. */
const tracesTogether = 64;
const fragmentsTogether = 512;

const newestFirst = [{ newest: "desc" }];

export function createReader(
  kept: KeptFragments,
  naming: Naming,
): Pick<EngineReader, "candidates" | "fragments"> {
  return {
    async *candidates(search, signal): AsyncGenerator<CandidateWindow, void> {
      const terms = requiredTerms(search.predicate);
      if (terms !== undefined && isImpossible(terms)) return;
      const indices = naming.between(search.startTimeMinUnixNano, search.startTimeMaxUnixNano);
      const filter = filterOf(search, terms);
      const options = { signal, doing: "cannot search" };
      const sizes = createSizes(search.limit);

      // Most searches end with the first page, and need no point in time.
      const first = await kept.once(indices, pageBody(filter), sizes.first, options);
      yield* windowsOf(kept, first.hits, first.isAll, search, signal);
      if (first.isAll) return;
      sizes.note(first.hits);
      // Starts that the first page ended with are read again: fragments may have moved among them since.
      const rest: Query[] = [
        ...filter,
        { range: { newest: { lte: newestOf(first.hits[first.hits.length - 1]) } } },
      ];
      for await (const hits of kept.pages(indices, pageBody(rest), sizes.next, options)) {
        yield* windowsOf(kept, hits, false, search, signal);
        sizes.note(hits);
      }
    },

    async *fragments(traceIds, signal): AsyncGenerator<readonly Fragment[], void> {
      for (let at = 0; at < traceIds.length; at += tracesTogether) {
        const part = traceIds.slice(at, at + tracesTogether);
        const together = await readTogether(part, signal);
        for (const traceId of part) {
          if (together === undefined) yield* pagesOf(traceId, signal);
          else yield* inWindows(kept, together.get(traceId) ?? [], signal);
        }
      }
    },
  };

  /** All fragments of some traces; undefined when they are too many for one answer. */
  async function readTogether(
    traceIds: readonly string[],
    signal: AbortSignal | undefined,
  ): Promise<ReadonlyMap<string, readonly Hit<Kept>[]> | undefined> {
    const byTrace = new Map<string, Hit<Kept>[]>();
    const body = { query: ofTraces(traceIds), sort: ["_doc"], _source: true };
    const { hits, isAll } = await kept.once(naming.pattern, body, fragmentsTogether, {
      signal,
      doing: "cannot read traces",
    });
    if (!isAll) return undefined;
    for (const hit of hits) {
      const traceId = kept.of(hit).traceId;
      const own = byTrace.get(traceId);
      if (own === undefined) byTrace.set(traceId, [hit]);
      else own.push(hit);
    }
    return byTrace;
  }

  async function* pagesOf(
    traceId: string,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<readonly Fragment[], void> {
    const sizes = createSizes(fragmentsPerWindow);
    const body = { query: ofTraces([traceId]), _source: true };
    const options = { signal, doing: "cannot read traces" };
    for await (const hits of kept.pages(naming.pattern, body, sizes.next, options)) {
      yield* inWindows(kept, hits, signal);
      sizes.note(hits);
    }
  }
}

export function pageBody(filter: readonly Query[]): {
  query: Query;
  sort: readonly unknown[];
  _source: true;
} {
  return { query: { bool: { filter } }, sort: newestFirst, _source: true };
}

export function ofTraces(traceIds: readonly string[]): Query {
  return { bool: { filter: [{ terms: { trace_id: traceIds } }] } };
}

/** How many hits to ask for, page after page. */
interface Sizes {
  readonly first: number;
  readonly next: () => number;
  readonly note: (hits: readonly Hit<Kept>[]) => void;
}

function createSizes(limit: number): Sizes {
  const first = Math.min(Math.max(limit + (limit >> 1), fewestListed), maxListed);
  let size = first;
  return {
    first,
    next: () => size,
    note: (hits) => {
      if (hits.length === 0) return;
      const bytes = hits.reduce((sum, { _source }) => sum + (_source?.encoded.length ?? 0), 0);
      const fitting = Math.floor(targetPageBytes / (bytes / hits.length + 1));
      size = Math.max(1, Math.min(size * 2, maxListed, fitting));
    },
  };
}

function newestOf(hit: Hit<Kept> | undefined): number {
  return (hit?.sort?.[0] as number | undefined) ?? 0;
}

/** A page in windows, each with how late a span of what follows can start. */
function* windowsOf(
  kept: KeptFragments,
  hits: readonly Hit<Kept>[],
  isLast: boolean,
  { limit }: CandidateSearch,
  signal: AbortSignal | undefined,
): Generator<CandidateWindow, void> {
  const perWindow = Math.min(fragmentsPerWindow, Math.max(limit, fewestPerWindow));
  for (let at = 0; at < hits.length; at += perWindow) {
    throwIfAborted(signal);
    const next = hits[at + perWindow];
    const end = next ?? (isLast ? undefined : hits[hits.length - 1]);
    yield {
      fragments: hits.slice(at, at + perWindow).map(kept.of),
      laterStartAtMostUnixNano: end === undefined ? 0n : endOfMicro(newestOf(end)),
    };
  }
}

function* inWindows(
  kept: KeptFragments,
  hits: readonly Hit<Kept>[],
  signal: AbortSignal | undefined,
): Generator<readonly Fragment[], void> {
  for (let at = 0; at < hits.length; at += fragmentsPerWindow) {
    throwIfAborted(signal);
    yield hits.slice(at, at + fragmentsPerWindow).map(kept.of);
  }
}
