import {
  type CandidateBatch,
  type CandidateSearch,
  createFragmentCache,
  type EngineReader,
  type Fragment,
  type HoldBytes,
  isImpossible,
  requiredTerms,
  throwIfAborted,
  uncounted,
} from "@spanstore/core/engine";
import type { Naming } from "../schema/naming.js";
import { filterOf, type Query } from "../terms/lower.js";
import type { Hit, Page, SearchBody } from "../terms/paging.js";
import { endOfMicro } from "../terms/times.js";
import type { Kept, KeptFragments } from "./kept.js";

/** Pages of candidates double from a little above the limit up to this many, as far as their bytes allow it. */
const maxListed = 1_024;
const fewestListed = 16;
/** The fragments of a batch, and fewer when they are large. */
const fragmentsPerBatch = 32;
const fewestPerBatch = 8;
const bytesPerBatch = 1024 * 1024;
/** Traces in one search, as long as it can list all of their fragments. */
const tracesTogether = 64;
const fragmentsTogether = 512;
/** A trace has about so many fragments, where their size makes for fewer traces in one search. */
const fragmentsOfATrace = 2;

/** The bytes of unpacked spans that wait for their turn. Fragments beyond are unpacked a second time. */
const mostUnpacked = 2 * 1024 * 1024;
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
    async *candidates(search, signal, reading = uncounted): AsyncGenerator<CandidateBatch, void> {
      const terms = requiredTerms(search.predicate);
      if (terms !== undefined && isImpossible(terms)) return;
      const indices = naming.between(search.startTimeMinUnixNano, search.startTimeMaxUnixNano);
      const filter = filterOf(search, terms);
      const hold = reading.part();
      const options = { signal, doing: "cannot search", hold };
      const sizes = createSizes(search.limit);

      try {
        // Most searches end within the first page, and need no point in time.
        const first = await kept.once(indices, pageBody(filter), sizes.next(), options);
        yield* batchesOf(open, first.hits, first.isAll, search, signal);
        if (first.isAll) return;
        // The last start of the first page is read again: fragments with this start may have moved since.
        const rest: Query[] = [
          ...filter,
          { range: { newest: { lte: newestOf(first.hits[first.hits.length - 1]) } } },
        ];
        for await (const hits of kept.pages(indices, pageBody(rest), sizes.next, options)) {
          yield* batchesOf(open, hits, false, search, signal);
        }
      } finally {
        // A search that has enough leaves the loop.
        void hold(0);
      }
    },

    async *fragments(traceIds, signal, reading = uncounted): AsyncGenerator<readonly Fragment[], void> {
      const hold = reading.part();
      for (let at = 0; at < traceIds.length; ) {
        const fitting = Math.ceil(kept.fitting(fragmentsTogether) / fragmentsOfATrace);
        const part = traceIds.slice(at, at + Math.min(tracesTogether, fitting));
        at += part.length;
        const together = await readTogether(part, hold, signal);
        for (const traceId of part) {
          if (together === undefined) yield* pagesOf(traceId, hold, signal);
          else yield* inBatches(together.get(traceId) ?? [], signal);
        }
        void hold(0);
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
    hold: HoldBytes,
    signal: AbortSignal | undefined,
  ): Promise<ReadonlyMap<string, readonly Opener[]> | undefined> {
    const known = new Map(traceIds.flatMap((traceId) => [...cache.of(traceId)]));
    if (known.size >= fewestAtHand) {
      const rest = await readPage({ ...bodyOfTraces(traceIds), ...butFor(known) }, hold, signal);
      // Each known fragment still exists, once. Otherwise they are read with the rest.
      if (rest.isAll && rest.known === known.size) return byTrace(known.values(), rest.hits, hold);
    }
    const { hits, isAll } = await readPage(bodyOfTraces(traceIds), hold, signal);
    return isAll ? byTrace([], hits, hold) : undefined;
  }

  function readPage(body: SearchBody, hold: HoldBytes, signal: AbortSignal | undefined): Promise<Page<Kept>> {
    return kept.once(naming.pattern, body, fragmentsTogether, { signal, doing: "cannot read traces", hold });
  }

  /** Groups fragments by trace, which the bytes of each say. */
  function byTrace(
    known: Iterable<Fragment>,
    hits: readonly Hit<Kept>[],
    hold: HoldBytes,
  ): Map<string, Opener[]> {
    const traces = new Map<string, Opener[]>();
    const add = (traceId: string, opener: Opener): void => {
      const own = traces.get(traceId);
      if (own === undefined) traces.set(traceId, [opener]);
      else own.push(opener);
    };
    let held = 0;
    for (const fragment of known) {
      held += fragment.encoded.length;
      add(fragment.traceId, () => fragment);
    }
    let unpacked = 0;
    for (const hit of hits) {
      const fragment = kept.of(hit);
      unpacked += fragment.encoded.length;
      const isKept = unpacked <= mostUnpacked;
      held += isKept ? fragment.encoded.length : (hit._source?.encoded.length ?? 0);
      add(fragment.traceId, isKept ? () => fragment : () => kept.of(hit));
    }
    void hold(held);
    return traces;
  }

  async function* pagesOf(
    traceId: string,
    hold: HoldBytes,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<readonly Fragment[], void> {
    const sizes = createSizes(fragmentsPerBatch);
    const body = { query: ofTraces([traceId]), _source: true };
    const options = { signal, doing: "cannot read traces", hold };
    for await (const hits of kept.pages(naming.pattern, body, sizes.next, options)) {
      yield* inBatches(
        hits.map((hit) => () => kept.of(hit)),
        signal,
      );
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

/** The sizes of a search's pages. */
function createSizes(limit: number): { readonly next: () => number } {
  let size = Math.min(Math.max(limit + (limit >> 1), fewestListed), maxListed);
  return {
    next: () => {
      const next = size;
      size = Math.min(size * 2, maxListed);
      return next;
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
  for (let at = 0; at < hits.length; ) {
    throwIfAborted(signal);
    const fragments = firstBatch(hits, at, perBatch, open);
    at += fragments.length;
    const end = hits[at] ?? (isLast ? undefined : hits[hits.length - 1]);
    yield { fragments, laterStartAtMostUnixNano: end === undefined ? 0n : endOfMicro(newestOf(end)) };
  }
}

function* inBatches(
  openers: readonly Opener[],
  signal: AbortSignal | undefined,
): Generator<readonly Fragment[], void> {
  for (let at = 0; at < openers.length; ) {
    throwIfAborted(signal);
    const fragments = firstBatch(openers, at, fragmentsPerBatch, (open) => open());
    at += fragments.length;
    yield fragments;
  }
}

/** Unpacks a batch that begins at an index: at least one fragment, and none more once the bytes suffice. */
function firstBatch<T>(
  items: readonly T[],
  from: number,
  most: number,
  open: (item: T) => Fragment,
): Fragment[] {
  const fragments: Fragment[] = [];
  let bytes = 0;
  for (const item of items.slice(from, from + most)) {
    const fragment = open(item);
    fragments.push(fragment);
    bytes += fragment.encoded.length;
    if (bytes >= bytesPerBatch) break;
  }
  return fragments;
}
