import { SpanStoreError } from "@spanstore/core";
import type { Fragment } from "@spanstore/core/engine";
import { firstTraceId } from "@spanstore/core/otlp";
import type { Client } from "../connection/client.js";
import {
  type Hit,
  type Page,
  type PageOptions,
  pages,
  type SearchBody,
  searchOnce,
} from "../terms/paging.js";
import type { Dictionaries } from "./dictionary.js";
import { dictionaryIdOf, unpack } from "./pack.js";

/** The stored source of a fragment. */
export interface Kept {
  readonly encoded: string;
  readonly sequence: number;
}

/** Searches for fragments, and loads the dictionaries of what they find. */
export interface KeptFragments {
  /** See {@link searchOnce}. */
  readonly once: (
    indices: string,
    body: SearchBody,
    size: number,
    options: PageOptions,
  ) => Promise<Page<Kept>>;
  /** See {@link pages}. */
  readonly pages: (
    indices: string,
    body: SearchBody,
    size: () => number,
    options: PageOptions,
  ) => AsyncGenerator<readonly Hit<Kept>[], void, undefined>;
  /** Loads the dictionaries of hits from another search. */
  readonly prepare: (hits: readonly Hit<Kept>[]) => Promise<void>;
  readonly of: (hit: Hit<Kept>) => Fragment;
}

export function createKeptFragments(client: Client, dictionaries: Dictionaries): KeptFragments {
  return {
    once: async (indices, body, size, options) => {
      const where = { path: `/${indices}/_search`, query: { ignore_unavailable: true } };
      const page = await searchOnce<Kept>(client, where, body, size, options);
      await dictionaries.prepare(page.hits, options.signal);
      return page;
    },
    async *pages(indices, body, size, options) {
      for await (const hits of pages<Kept>(client, indices, body, size, options)) {
        await dictionaries.prepare(hits, options.signal);
        yield hits;
      }
    },
    prepare: dictionaries.prepare,
    of: ({ _source }) => {
      const { encoded: packed, sequence } = _source as Kept;
      const id = dictionaryIdOf(packed);
      const encoded = unpack(
        Buffer.from(packed, "base64"),
        id === undefined ? undefined : dictionaries.of(id),
      );
      const traceId = firstTraceId(encoded);
      if (traceId === undefined) throw new SpanStoreError("CORRUPT", "a document has no spans");
      return { traceId, encoded, sequence };
    },
  };
}
