import {
  type CandidateSearch,
  type CandidateWindow,
  createFragmentCache,
  type EngineReader,
  type Fragment,
  isImpossible,
  requiredTerms,
  throwIfAborted,
} from "@spanstore/core/engine";
import type { Naming } from "../schema/naming.js";
import { filterOf, type Query } from "../terms/lower.js";
import type { Hit, Page, SearchBody } from "../terms/paging.js";
import { endOfMicro } from "../terms/times.js";
import type { Kept, KeptFragments } from "./kept.js";

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

/** Bytes of spans that wait unpacked for their turn; what is beyond is unpacked again. */
const mostUnpacked = 8 * 1024 * 1024;
/** For fewer fragments it costs less to read them again than to leave them out. */
const fewestAtHand = 4;

const newestFirst = [{ newest: "desc" }];

/** Unpacks a fragment. */
type Opener = () => Fragment;

export function createReader(
  kept: KeptFragments,
  naming: Naming,
): Pick<EngineReader, "candidates" | "fragments"> {
  const cache = createFragmentCache();

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
      yield* windowsOf(open, first.hits, first.isAll, search, signal);
      if (first.isAll) return;
      sizes.note(first.hits);
      // Starts that the first page ended with are read again: fragments may have moved among them since.
      const rest: Query[] = [
        ...filter,
        { range: { newest: { lte: newestOf(first.hits[first.hits.length - 1]) } } },
      ];
      for await (const hits of kept.pages(indices, pageBody(rest), sizes.next, options)) {
        yield* windowsOf(open, hits, false, search, signal);
        sizes.note(hits);
      }
    },

    async *fragments(traceIds, signal): AsyncGenerator<readonly Fragment[], void> {
      for (let at = 0; at < traceIds.length; at += tracesTogether) {
        const part = traceIds.slice(at, at + tracesTogether);
        const together = await readTogether(part, signal);
        for (const traceId of part) {
          if (together === undefined) yield* pagesOf(traceId, signal);
          else yield* inWindows(together.get(traceId) ?? [], signal);
        }
      }
    },
  };

  /** Unpacks a candidate, and keeps it for the read of its trace that follows. */
  function open(hit: Hit<Kept>): Fragment {
    const fragment = kept.of(hit);
    cache.add(hit._id, fragment);
    return fragment;
  }

  /** All fragments of some traces; undefined when they are too many for one answer. */
  async function readTogether(
    traceIds: readonly string[],
    signal: AbortSignal | undefined,
  ): Promise<ReadonlyMap<string, readonly Opener[]> | undefined> {
    const known = new Map(traceIds.flatMap((traceId) => [...cache.of(traceId)]));
    if (known.size >= fewestAtHand) {
      const rest = await readPage({ ...bodyOfTraces(traceIds), ...butFor(known) }, signal);
      // All are still there, once; else they are read with the others.
      if (rest.isAll && rest.known === known.size) return byTrace(known.values(), rest.hits);
    }
    const { hits, isAll } = await readPage(bodyOfTraces(traceIds), signal);
    return isAll ? byTrace([], hits) : undefined;
  }

  function readPage(body: SearchBody, signal: AbortSignal | undefined): Promise<Page<Kept>> {
    return kept.once(naming.pattern, body, fragmentsTogether, { signal, doing: "cannot read traces" });
  }

  /** By their traces, which is known of those alone that were unpacked. */
  function byTrace(known: Iterable<Fragment>, hits: readonly Hit<Kept>[]): Map<string, Opener[]> {
    const traces = new Map<string, Opener[]>();
    const add = (traceId: string, opener: Opener): void => {
      const own = traces.get(traceId);
      if (own === undefined) traces.set(traceId, [opener]);
      else own.push(opener);
    };
    for (const fragment of known) add(fragment.traceId, () => fragment);
    let bytes = 0;
    for (const hit of hits) {
      const fragment = kept.of(hit);
      bytes += fragment.encoded.length;
      add(fragment.traceId, bytes <= mostUnpacked ? () => fragment : () => kept.of(hit));
    }
    return traces;
  }

  async function* pagesOf(
    traceId: string,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<readonly Fragment[], void> {
    const sizes = createSizes(fragmentsPerWindow);
    const body = { query: ofTraces([traceId]), _source: true };
    const options = { signal, doing: "cannot read traces" };
    for await (const hits of kept.pages(naming.pattern, body, sizes.next, options)) {
      yield* inWindows(
        hits.map((hit) => () => kept.of(hit)),
        signal,
      );
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

/** All fragments of some traces. */
export function bodyOfTraces(traceIds: readonly string[]): SearchBody {
  return { query: ofTraces(traceIds), sort: ["_doc"], _source: true };
}

/**
 * Leaves known fragments out of what is found, and counts those of them that are there. A fragment that was deleted and
 * written again has its id and another sequence: it is found.
 * @param fragments by their documents' ids.
 */
export function butFor(
  fragments: ReadonlyMap<string, Pick<Fragment, "sequence">>,
): Pick<SearchBody, "post_filter" | "aggs"> {
  const bySequence = new Map<number, string[]>();
  for (const [id, { sequence }] of fragments) {
    const ids = bySequence.get(sequence);
    if (ids === undefined) bySequence.set(sequence, [id]);
    else ids.push(id);
  }
  const should = Array.from(bySequence, ([sequence, values]) => ({
    bool: { filter: [{ ids: { values } }, { term: { sequence } }] },
  }));
  const known = { bool: { should } };
  return { post_filter: { bool: { must_not: [known] } }, aggs: { known: { filter: known } } };
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
  open: (hit: Hit<Kept>) => Fragment,
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
      fragments: hits.slice(at, at + perWindow).map(open),
      laterStartAtMostUnixNano: end === undefined ? 0n : endOfMicro(newestOf(end)),
    };
  }
}

function* inWindows(
  openers: readonly Opener[],
  signal: AbortSignal | undefined,
): Generator<readonly Fragment[], void> {
  for (let at = 0; at < openers.length; at += fragmentsPerWindow) {
    throwIfAborted(signal);
    yield openers.slice(at, at + fragmentsPerWindow).map((open) => open());
  }
}
