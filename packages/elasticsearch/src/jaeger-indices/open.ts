import { type JaegerDocument, type JaegerSpanDocument, parseWithLongNumbers } from "@spanstore/jaeger";
import { createClient } from "../connection/client.js";
import { checkOptions } from "../options.js";
import type { Query } from "../terms/lower.js";
import { pages } from "../terms/paging.js";
import { extentsOf, groupsByTime } from "./groups.js";

import { checkPageSize, chooseIndices, type JaegerIndicesOptions } from "./options.js";

/** Reads the spans in the indices of Jaeger's own Elasticsearch storage. */
export interface JaegerIndices {
  /**
   * Pages of the spans that started in a range of microseconds since the epoch, both ends included, newest first. Each index is
   * read as it is when its turn comes.
   * @throws STORE_UNAVAILABLE and the other codes of a store's reads. A read may start again where it ended.
   */
  read(range: MicrosRange, options?: ReadOptions): AsyncIterable<JaegerPage>;
  /** Counts the documents that no range finds: their start is missing, before 1970 or after 2255. */
  readWithoutTime(options?: ReadOptions): AsyncIterable<JaegerPage>;
  close(): Promise<void>;
}

export interface MicrosRange {
  readonly min: number;
  readonly max: number;
}

interface ReadOptions {
  readonly signal?: AbortSignal | undefined;
}

export type JaegerPage = readonly JaegerDocument[];

/** Longer names go into the body, since Elasticsearch accepts 4096 bytes in the first line of a request. */
const longestNames = 3_000;
const readable = { gte: 0, lte: Number.MAX_SAFE_INTEGER };
const newestFirst = [{ startTime: { order: "desc", unmapped_type: "long" } }];

/**
 * Opens the indices of Jaeger's own Elasticsearch storage. Opening sends no request, and nothing is ever written.
 * @throws INVALID_OPTIONS naming the option.
 */
export function openJaegerIndices(options: JaegerIndicesOptions): JaegerIndices {
  const { prefix: _prefix, archive: _archive, index: _index, pageSize: _pageSize, ...connection } = options;
  const settings = checkOptions(connection);
  const choice = chooseIndices(options);
  const pageSize = checkPageSize(options);
  const client = createClient(settings, parseWithLongNumbers);

  async function* readIndices(
    names: readonly string[],
    query: Query,
    sort: readonly unknown[],
    signal: AbortSignal | undefined,
  ): AsyncGenerator<JaegerPage, void, undefined> {
    const listed = names.join(",");
    const isLong = listed.length > longestNames;
    const body = {
      query: isLong ? { bool: { filter: [query, { terms: { _index: names } }] } } : query,
      sort,
    };
    const where = isLong ? choice.pattern : listed;
    const doing = "cannot read Jaeger's spans";
    for await (const hits of pages<JaegerSpanDocument>(client, where, body, () => pageSize, {
      signal,
      doing,
    })) {
      yield hits.map(({ _index, _id, _source = {} }) => ({ index: _index, id: _id, source: _source }));
    }
  }

  return {
    async *read({ min, max }, { signal } = {}) {
      const range = { gte: Math.max(min, readable.gte), lte: Math.min(max, readable.lte) };
      if (range.gte > range.lte) return;
      const query = { range: { startTime: range } };
      const groups = groupsByTime(await extentsOf(client, choice, query, signal));
      for (const names of groups) yield* readIndices(names, query, newestFirst, signal);
    },
    async *readWithoutTime({ signal } = {}) {
      const query = { bool: { must_not: [{ range: { startTime: readable } }] } };
      const names = (await extentsOf(client, choice, query, signal)).map(({ index }) => index);
      if (names.length > 0) yield* readIndices(names, query, [], signal);
    },
    close: () => client.close(),
  };
}
