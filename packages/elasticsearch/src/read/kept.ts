import { SpanStoreError } from "@spanstore/core";
import type { Fragment, HoldBytes } from "@spanstore/core/engine";
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
import { createPageSizes, maxAnswerBytes } from "./page-sizes.js";

/** The stored source of a fragment. */
export interface Kept {
  readonly encoded: string;
  readonly sequence: number;
}

export interface KeptOptions extends PageOptions {
  /** Counts what the last page takes, from before it arrives. */
  readonly hold?: HoldBytes;
}

/** Searches for fragments, in pages that are bounded by bytes, and loads the dictionaries of what they find. */
export interface KeptFragments {
  /** See {@link searchOnce}. @param size the most hits. */
  readonly once: (
    indices: string,
    body: SearchBody,
    size: number,
    options: KeptOptions,
  ) => Promise<Page<Kept>>;
  /** See {@link pages}. @param size returns the most hits of the next page. */
  readonly pages: (
    indices: string,
    body: SearchBody,
    size: () => number,
    options: KeptOptions,
  ) => AsyncGenerator<readonly Hit<Kept>[], void, undefined>;
  /** How many of so many fragments come with one page, as far as that is known; at least two. */
  readonly fitting: (wanted: number) => number;
  /** Loads the dictionaries of hits from another search. */
  readonly prepare: (hits: readonly Hit<Kept>[]) => Promise<void>;
  readonly of: (hit: Hit<Kept>) => Fragment;
}

export function createKeptFragments(client: Client, dictionaries: Dictionaries): KeptFragments {
  const sizes = createPageSizes();
  const bounded = (options: KeptOptions): PageOptions => ({ ...options, maxBytes: maxAnswerBytes });

  return {
    once: async (indices, body, size, options) => {
      const where = { path: `/${indices}/_search`, query: { ignore_unavailable: true } };
      const asked = sizes.fitting(size);
      await options.hold?.(sizes.arrivingBytes(asked));
      const page = await searchOnce<Kept>(client, where, body, asked, bounded(options));
      void options.hold?.(sizes.note(page.hits));
      await dictionaries.prepare(page.hits, options.signal);
      return page;
    },
    async *pages(indices, body, size, options) {
      const { hold } = options;
      const next = async (): Promise<number> => {
        const asked = sizes.fitting(size());
        await hold?.(sizes.arrivingBytes(asked));
        return asked;
      };
      for await (const hits of pages<Kept>(client, indices, body, next, bounded(options))) {
        void hold?.(sizes.note(hits));
        await dictionaries.prepare(hits, options.signal);
        yield hits;
      }
      void hold?.(0);
    },
    fitting: sizes.fitting,
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
