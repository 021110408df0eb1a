import { openMemoryStore, type PageRequest, type SpanChunk, type SpanStore } from "@spanstore/core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { batchesOf } from "../src/data/batches.js";
import { spansPerTrace } from "../src/data/flows.js";
import { filterKinds } from "../src/data/questions/filters.js";
import { type Walk, walksOf } from "../src/data/questions/walks.js";
import { expectedSpans } from "../src/data/span-truth.js";
import type { DataSet } from "../src/data/trace.js";
import { expectedTraceIds } from "../src/data/truth.js";
import { completeSpansOf } from "../src/wire/answers.js";

const set: DataSet = { seed: 3, traces: 1000, endNano: 1_760_000_000_000_000_000n };
const oldestAge = set.traces - 1;

/** Searches of each kind; a kind's searches differ in their values alone. */
const perKind = 8;

let store: SpanStore;
beforeAll(async () => {
  store = await openMemoryStore();
  for (const batch of batchesOf(set, oldestAge, 0, 1000, "whole")) await store.write(batch.bytes);
});
afterAll(() => store.close());

function rangeOf({ startMinNano, startMaxNano }: { startMinNano: bigint; startMaxNano: bigint }) {
  return { startTimeMinUnixNano: startMinNano, startTimeMaxUnixNano: startMaxNano };
}

describe("what the generator expects of filters", () => {
  it.each(filterKinds(set))("is what the memory engine answers: $name", async ({ name, queries }) => {
    const asked = queries.slice(0, perKind);
    const expected = expectedTraceIds(set, 0, asked);
    let found = 0;
    for (const [index, { search }] of asked.entries()) {
      const { filter, limit } = search;
      if (filter === undefined) throw new Error("a filter is missing");
      const page = await store.findTraceIds({ filter, ...rangeOf(search), limit });
      expect(page.traces.map(({ traceId }) => traceId)).toEqual(expected[index]);
      found += page.traces.length;
    }
    expect(found > 0).toBe(!name.endsWith("no match"));
  });
});

/** One page of what the memory engine gives, and the token of the next. */
async function pageOf(
  walk: Walk,
  page: PageRequest,
): Promise<{ items: string[]; nextPageToken?: string | undefined }> {
  if (walk.gives !== "spans") {
    const [query] = walk.queries;
    if (query?.search.filter === undefined) throw new Error("a filter is missing");
    const { filter } = query.search;
    const { traces, nextPageToken } = await store.findTraceIds({ filter, ...rangeOf(query.search), page });
    return { items: traces.map(({ traceId }) => traceId), nextPageToken };
  }
  const [query] = walk.queries;
  if (query === undefined) throw new Error("a query is missing");
  const { filter, orderBy = [] } = query.search;
  const chunks: SpanChunk[] = [];
  for await (const chunk of store.findSpans({ filter, orderBy, ...rangeOf(query.search), page })) {
    chunks.push(chunk);
  }
  return {
    items: completeSpansOf(chunks.map(({ encoded }) => encoded)),
    nextPageToken: chunks.at(-1)?.nextPageToken,
  };
}

function expectedOf(walk: Walk): string[] {
  return walk.gives === "spans"
    ? walk.queries.slice(0, 1).flatMap((query) => expectedSpans(set, 0, query, set.traces * spansPerTrace))
    : expectedTraceIds(set, 0, walk.queries.slice(0, 1)).flat();
}

describe("what the generator expects of walks", () => {
  it.each(walksOf(set))("is what the memory engine gives page by page: $name", async (walk) => {
    const found: string[] = [];
    let page: PageRequest | undefined = { size: walk.pageSize * 2 };
    while (page !== undefined) {
      const { items, nextPageToken } = await pageOf(walk, page);
      found.push(...items);
      page = nextPageToken === undefined ? undefined : { size: page.size, token: nextPageToken };
    }
    expect(found.length).toBeGreaterThan(0);
    // Spans are long: a difference is shown by where it is.
    const expected = expectedOf(walk);
    expect(found.findIndex((item, at) => item !== expected[at])).toBe(-1);
    expect(found).toHaveLength(expected.length);
  });
});
