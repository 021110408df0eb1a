import { SpanStoreError } from "@spanstore/core";
import type { Fragment } from "@spanstore/core/engine";
import { Cursor } from "@spanstore/core/otlp";
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

/** What is stored of a fragment. */
export interface Kept {
  readonly encoded: string;
  readonly sequence: number;
}

/** Searches for fragments. What they find can be unpacked at once. */
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
  /** To be called on hits that come another way. */
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
      return { traceId: traceIdOf(encoded), encoded, sequence };
    },
  };
}

/** Where the first span of an encoded TracesData has its trace id: fields of nested messages. */
const pathToTraceId = [1, 2, 2, 1];

/** The trace id of a fragment's spans, 32 hex characters. */
function traceIdOf(encoded: Uint8Array): string {
  let start = 0;
  let end = encoded.length;
  for (const field of pathToTraceId) {
    const cursor = new Cursor(encoded, start, end);
    start = end = -1;
    while (cursor.pos < cursor.end) {
      const tag = cursor.tag();
      if (tag >>> 3 !== field) {
        cursor.skip(tag);
        continue;
      }
      end = cursor.lengthEnd();
      start = cursor.pos;
      break;
    }
    if (start < 0) throw new SpanStoreError("CORRUPT", "a document has no spans");
  }
  return Buffer.from(encoded.buffer, encoded.byteOffset + start, end - start).toString("hex");
}
