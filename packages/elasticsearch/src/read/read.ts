import {
  type CandidateBatch,
  type CandidateSearch,
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

/** Pages of candidates double from a little above the limit up to this many. */
const maxListed = 1_024;
const fewestListed = 16;
/** Pages grow no further when they have about so many bytes. */
const targetPageBytes = 4 * 1024 * 1024;
/** The fragments of a batch. */
const fragmentsPerBatch = 32;
const fewestPerBatch = 8;
/** Traces in one search, as long as it can list all of their fragments. */
const tracesTogether = 64;
const fragmentsTogether = 512;

/** The bytes of unpacked spans that wait for their turn. Fragments beyond are unpacked a second time. */
const mostUnpacked = 8 * 1024 * 1024;
/** For fewer fragments, reading again costs less than leaving out. */
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
    async *candidates(search, signal): AsyncGenerator<CandidateBatch, void> {
      const terms = requiredTerms(search.predicate);
      if (terms !== undefined && isImpossible(terms)) return;
      const indices = naming.between(search.startTimeMinUnixNano, search.startTimeMaxUnixNano);
      const filter = filterOf(search, terms);
      const options = { signal, doing: "cannot search" };
      const sizes = createSizes(search.limit);

      // Most searches end within the first page, and need no point in time.
      const first = await kept.once(indices, pageBody(filter), sizes.first, options);
      yield* batchesOf(open, first.hits, first.isAll, search, signal);
      if (first.isAll) return;
      sizes.note(first.hits);
      // The last start of the first page is read again: fragments with this start may have moved since.
      const rest: Query[] = [
        ...filter,
        { range: { newest: { lte: newestOf(first.hits[first.hits.length - 1]) } } },
      ];
      for await (const hits of kept.pages(indices, pageBody(rest), sizes.next, options)) {
        yield* batchesOf(open, hits, false, search, signal);
        sizes.note(hits);
      }
    },

    async *fragments(traceIds, signal): AsyncGenerator<readonly Fragment[], void> {
      for (let at = 0; at < traceIds.length; at += tracesTogether) {
        const part = traceIds.slice(at, at + tracesTogether);
        const together = await readTogether(part, signal);
        for (const traceId of part) {
          if (together === undefined) yield* pagesOf(traceId, signal);
          else yield* inBatches(together.get(traceId) ?? [], signal);
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

  /** Reads all fragments of some traces; undefined when they are too many for one answer. */
  async function readTogether(
    traceIds: readonly string[],
    signal: AbortSignal | undefined,
  ): Promise<ReadonlyMap<string, readonly Opener[]> | undefined> {
    const known = new Map(traceIds.flatMap((traceId) => [...cache.of(traceId)]));
    if (known.size >= fewestAtHand) {
      const rest = await readPage({ ...bodyOfTraces(traceIds), ...butFor(known) }, signal);
      // Each known fragment still exists, once. Otherwise they are read with the rest.
      if (rest.isAll && rest.known === known.size) return byTrace(known.values(), rest.hits);
    }
    const { hits, isAll } = await readPage(bodyOfTraces(traceIds), signal);
    return isAll ? byTrace([], hits) : undefined;
  }

  function readPage(body: SearchBody, signal: AbortSignal | undefined): Promise<Page<Kept>> {
    return kept.once(naming.pattern, body, fragmentsTogether, { signal, doing: "cannot read traces" });
  }

  /** Groups fragments by trace, which the bytes of each say. */
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
    const sizes = createSizes(fragmentsPerBatch);
    const body = { query: ofTraces([traceId]), _source: true };
    const options = { signal, doing: "cannot read traces" };
    for await (const hits of kept.pages(naming.pattern, body, sizes.next, options)) {
      yield* inBatches(
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

/** The search for all fragments of some traces. */
export function bodyOfTraces(traceIds: readonly string[]): SearchBody {
  return { query: ofTraces(traceIds), sort: ["_doc"], _source: true };
}

/**
 * Leaves known fragments out of the hits, and counts those that still exist. A fragment that was deleted and written again
 * has its old id and a new sequence, so it is a hit.
 * @param fragments by document id.
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

/** The sizes of pages. */
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

/** Cuts a page into batches, each with the latest start that a span after it can have. */
function* batchesOf(
  open: (hit: Hit<Kept>) => Fragment,
  hits: readonly Hit<Kept>[],
  isLast: boolean,
  { limit }: CandidateSearch,
  signal: AbortSignal | undefined,
): Generator<CandidateBatch, void> {
  const perBatch = Math.min(fragmentsPerBatch, Math.max(limit, fewestPerBatch));
  for (let at = 0; at < hits.length; at += perBatch) {
    throwIfAborted(signal);
    const next = hits[at + perBatch];
    const end = next ?? (isLast ? undefined : hits[hits.length - 1]);
    yield {
      fragments: hits.slice(at, at + perBatch).map(open),
      laterStartAtMostUnixNano: end === undefined ? 0n : endOfMicro(newestOf(end)),
    };
  }
}

function* inBatches(
  openers: readonly Opener[],
  signal: AbortSignal | undefined,
): Generator<readonly Fragment[], void> {
  for (let at = 0; at < openers.length; at += fragmentsPerBatch) {
    throwIfAborted(signal);
    yield openers.slice(at, at + fragmentsPerBatch).map((open) => open());
  }
}
