import type { Client } from "../connection/client.js";
import { failureOf } from "../connection/errors.js";
import type { Query } from "./lower.js";

export interface Hit<T> {
  readonly _index: string;
  readonly _id: string;
  readonly _seq_no?: number;
  readonly _primary_term?: number;
  readonly _source?: T;
  readonly sort?: readonly unknown[];
}

export interface SearchBody {
  readonly query: Query;
  readonly sort?: readonly unknown[];
  readonly _source?: boolean | readonly string[];
  readonly seq_no_primary_term?: boolean;
  readonly pit?: { readonly id: string; readonly keep_alive: string };
  readonly search_after?: readonly unknown[];
  /** Filters hits after the aggregations have counted them. */
  readonly post_filter?: Query;
  readonly aggs?: { readonly known: { readonly filter: Query } };
}

export interface SearchAnswer<T> {
  readonly hits?: { readonly hits?: readonly Hit<T>[] };
  readonly pit_id?: string;
  readonly aggregations?: { readonly known?: { readonly doc_count: number } };
}

/** Every search fails when a shard is missing. */
export const searchQuery = { allow_partial_search_results: false } as const;
const keepAlive = "2m";
/** An answer that is too large is asked for again with a fraction of the hits, down to one. */
const shrink = 4;

export interface Page<T> {
  readonly hits: readonly Hit<T>[];
  /** No hits follow. */
  readonly isAll: boolean;
  readonly pitId: string | undefined;
  /** The count of the body's `known`; 0 without one. */
  readonly known: number;
}

export interface PageOptions {
  readonly signal?: AbortSignal | undefined;
  readonly doing: string;
  /** The most bytes of an answer, one with a single hit excepted. */
  readonly maxBytes?: number;
}

/**
 * Searches once. Gives as many hits as an answer can carry, at least one if there is any. Fewer hits than `size` do not mean
 * that no more follow; `isAll` does.
 */
export async function searchOnce<T>(
  client: Client,
  where: { readonly path: string; readonly query?: Readonly<Record<string, string | boolean>> },
  body: SearchBody,
  size: number,
  { signal, doing, maxBytes }: PageOptions,
): Promise<Page<T>> {
  for (let asked = size, most = maxBytes; ; ) {
    try {
      const answer = await client.request<SearchAnswer<T>>(
        {
          method: "POST",
          path: where.path,
          query: {
            ...searchQuery,
            ...where.query,
            filter_path:
              "pit_id,hits.hits._index,hits.hits._id,hits.hits._seq_no,hits.hits._primary_term,hits.hits._source,hits.hits.sort,aggregations.known.doc_count",
          },
          body: { size: asked, track_total_hits: false, ...body },
        },
        { signal, doing, maxBytes: most, expects: ["too large"] },
      );
      const hits = answer.hits?.hits ?? [];
      const known = answer.aggregations?.known?.doc_count ?? 0;
      return { hits, isAll: hits.length < asked, pitId: answer.pit_id, known };
    } catch (error) {
      if (failureOf(error) !== "too large" || (asked === 1 && most === undefined)) throw error;
      if (asked === 1) most = undefined;
      else asked = Math.max(1, Math.floor(asked / shrink));
    }
  }
}

/**
 * All hits of a search, in pages, as of the first page.
 * @param size returns the size of the next page, before it is asked for.
 */
export async function* pages<T>(
  client: Client,
  indices: string,
  body: SearchBody,
  size: () => number | Promise<number>,
  options: PageOptions,
): AsyncGenerator<readonly Hit<T>[], void, undefined> {
  const { signal, doing } = options;
  let pit = await openPit(client, indices, signal, doing);
  if (pit === undefined) return;
  try {
    for (let after: readonly unknown[] | undefined; ; ) {
      const page: Page<T> = await searchOnce<T>(
        client,
        { path: "/_search" },
        {
          ...body,
          // Breaks ties by shard and document, which are stable within a point in time.
          sort: [...(body.sort ?? []), { _shard_doc: "asc" }],
          pit: { id: pit, keep_alive: keepAlive },
          ...(after !== undefined && { search_after: after }),
        },
        await size(),
        options,
      );
      pit = page.pitId ?? pit;
      if (page.hits.length > 0) yield page.hits;
      if (page.isAll) return;
      after = page.hits[page.hits.length - 1]?.sort;
    }
  } finally {
    // It would expire by itself, so no error matters.
    client
      .request(
        { method: "DELETE", path: "/_pit", body: { id: pit } },
        { retryMillis: 0, expects: ["refused", "other"] },
      )
      .catch(() => undefined);
  }
}

async function openPit(
  client: Client,
  indices: string,
  signal: AbortSignal | undefined,
  doing: string,
): Promise<string | undefined> {
  try {
    const { id } = await client.request<{ id?: string }>(
      {
        method: "POST",
        path: `/${indices}/_pit`,
        query: { keep_alive: keepAlive, ignore_unavailable: true },
      },
      { signal, doing, expects: ["no index"] },
    );
    return id;
  } catch (error) {
    if (failureOf(error) === "no index") return undefined;
    throw error;
  }
}
