import assert from "node:assert/strict";
import { isSpanStoreError } from "../errors/errors.js";
import type { SpanQuery, TraceQuery } from "../query/trace-query.js";
import type { DependencyQuery } from "../store/contract/calls.js";
import type { SpanStore } from "../store/contract/span-store.js";
import { readSpans, readSummaries, readTraces, walkPages } from "./contents.js";

/** A question for a store. */
export type Question =
  | { readonly ask: "traces"; readonly query: TraceQuery; readonly limit?: number }
  | { readonly ask: "tracePages"; readonly query: TraceQuery; readonly pageSize: number }
  | { readonly ask: "spans"; readonly query: SpanQuery; readonly pageSize: number }
  | { readonly ask: "dependencies"; readonly window: DependencyQuery }
  | { readonly ask: "names" }
  | { readonly ask: "byId"; readonly traceIds: readonly string[]; readonly spanLimit?: number };

/**
 * The answer of a store, in a form to compare and read. A refusal is an answer too. Asserts that the searches for ids, traces and
 * summaries agree.
 */
export async function answerOf(store: SpanStore, question: Question): Promise<unknown> {
  try {
    return await answer(store, question);
  } catch (error) {
    if (isSpanStoreError(error)) return { refused: error.code };
    throw error;
  }
}

async function answer(store: SpanStore, question: Question): Promise<unknown> {
  switch (question.ask) {
    case "traces": {
      const { limit } = question;
      const query = limit === undefined ? question.query : { ...question.query, limit };
      const ids = (await store.findTraceIds(query)).traces;
      const { traces } = await readTraces(store.findTraces(query));
      const { summaries } = await readSummaries(store.findTraceSummaries(query));
      const found = ids.map(({ traceId }) => traceId);
      assert.deepEqual(
        traces.map(({ traceId }) => traceId),
        found,
        "findTraces and findTraceIds differ",
      );
      assert.deepEqual(
        summaries.map(({ traceId }) => traceId),
        found,
        "summaries and ids differ",
      );
      return { ids, traces, summaries };
    }
    case "tracePages":
      return tracePages(store, question.query, question.pageSize);
    case "spans":
      return spanPages(store, question.query, question.pageSize);
    case "dependencies":
      return store.getDependencies(question.window);
    case "names":
      return namesOf(store);
    case "byId": {
      const { traceIds, spanLimit } = question;
      const { traces } = await readTraces(
        store.getTraces(traceIds, spanLimit === undefined ? {} : { spanLimit }),
      );
      if (spanLimit === undefined) return traces;
      // The store chooses which spans it leaves out.
      return traces.map(({ traceId, spans, truncated }) => ({ traceId, spans: spans.length, truncated }));
    }
  }
}

/** Walks through the pages of the three trace searches. */
async function tracePages(store: SpanStore, query: TraceQuery, size: number): Promise<unknown> {
  const ids = await walkTraceIds(store, query, size);
  const traces = await walkPages(async (token) => {
    const page = await readTraces(store.findTraces({ ...query, page: pageOf(size, token) }));
    return { items: page.traces, token: page.nextPageToken };
  });
  const summaries = await walkPages(async (token) => {
    const page = await readSummaries(store.findTraceSummaries({ ...query, page: pageOf(size, token) }));
    return { items: page.summaries, token: page.nextPageToken };
  });
  assert.deepEqual(
    traces.map(({ traceId }) => traceId),
    ids,
    "the walks by findTraces and findTraceIds differ",
  );
  assert.deepEqual(
    summaries.map(({ traceId }) => traceId),
    ids,
    "the walks by summaries and ids differ",
  );
  const whole = await store.findTraceIds({ ...query, limit: allTraces });
  assert.deepEqual(
    ids,
    whole.traces.map(({ traceId }) => traceId),
    "the pages are not the unpaged result",
  );
  return { traces, summaries };
}

/** More traces than any case has. */
const allTraces = 100_000;

export function pageOf(size: number, token: string | undefined): { size: number; token?: string } {
  return token === undefined ? { size } : { size, token };
}

export function walkTraceIds(
  store: SpanStore,
  query: TraceQuery,
  size: number,
  between?: (pagesRead: number) => Promise<void>,
): Promise<string[]> {
  return walkPages(async (token) => {
    const { traces, nextPageToken } = await store.findTraceIds({ ...query, page: pageOf(size, token) });
    assert.ok(traces.length <= size, `a page of ${traces.length} traces`);
    return { items: traces.map(({ traceId }) => traceId), token: nextPageToken };
  }, between);
}

export function walkSpans(
  store: SpanStore,
  query: SpanQuery,
  size: number,
  between?: (pagesRead: number) => Promise<void>,
): Promise<string[]> {
  return walkPages(async (token) => {
    const { spans, nextPageToken } = await readSpans(
      store.findSpans({ ...query, page: pageOf(size, token) }),
    );
    assert.ok(spans.length <= size, `a page of ${spans.length} spans`);
    return { items: spans, token: nextPageToken };
  }, between);
}

export const largePage = 1000;

async function spanPages(store: SpanStore, query: SpanQuery, size: number): Promise<unknown> {
  const spans = await walkSpans(store, query, size);
  const whole = await walkSpans(store, query, largePage);
  assert.deepEqual(spans, whole, "the walk by small pages differs from that by large ones");
  return spans;
}

async function namesOf(store: SpanStore): Promise<unknown> {
  const services = await store.getServices();
  const operations: unknown[] = [];
  for (const service of services) operations.push(await store.getOperations({ service }));
  const servers: unknown[] = [];
  for (const service of services) servers.push(await store.getOperations({ service, spanKind: "server" }));
  return { services, operations, servers };
}
