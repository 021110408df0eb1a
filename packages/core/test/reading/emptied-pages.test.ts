import { describe, expect, it } from "vitest";
import type { Engine } from "../../src/engine.js";
import type { SpanStore } from "../../src/index.js";
import { createMemoryEngine } from "../../src/memory/engine.js";
import { createSpanStore } from "../../src/store/create-store.js";
import { walkTraceIds } from "../../src/testing/answers.js";
import { readSummaries, readTraces, walkPages } from "../../src/testing/contents.js";
import { type TestSpan, traceIdOf, tracesOf } from "../../src/testing/spans.js";

const traces = [1, 2, 3, 4, 5, 6];
const size = 2;

/** An engine whose traces are deleted after a search finds them and before their fragments are read. */
function losing(lost: readonly number[]): Engine {
  const engine = createMemoryEngine();
  const gone = new Set(lost.map(traceIdOf));
  return {
    ...engine,
    fragments: (ids, signal) =>
      engine.fragments(
        ids.filter((id) => !gone.has(id)),
        signal,
      ),
  };
}

async function storeOf(lost: readonly number[]): Promise<SpanStore> {
  const store = createSpanStore(losing(lost));
  await store.write(tracesOf(...traces.map((trace): TestSpan => ({ trace, at: -trace }))));
  return store;
}

describe.each([
  [
    [3, 4],
    [1, 2, 5, 6],
  ],
  [
    [1, 2],
    [3, 4, 5, 6],
  ],
  [
    [1, 2, 3, 4],
    [5, 6],
  ],
  [traces, []],
  [
    [2, 3, 6],
    [1, 4, 5],
  ],
])("a walk whose traces %j are deleted before they are read", (lost, left) => {
  const expected = left.map(traceIdOf);

  it("goes on to the last page by findTraceIds", async () => {
    await using store = await storeOf(lost);
    expect(await walkTraceIds(store, {}, size)).toEqual(expected);
  });

  it("goes on to the last page by findTraces", async () => {
    await using store = await storeOf(lost);
    const walked = await walkPages(async (token = "") => {
      const page = await readTraces(store.findTraces({ page: { size, token } }));
      return { items: page.traces, token: page.nextPageToken };
    });
    expect(walked.map(({ traceId }) => traceId)).toEqual(expected);
  });

  it("goes on to the last page by findTraceSummaries", async () => {
    await using store = await storeOf(lost);
    const walked = await walkPages(async (token = "") => {
      const page = await readSummaries(store.findTraceSummaries({ page: { size, token } }));
      return { items: page.summaries, token: page.nextPageToken };
    });
    expect(walked.map(({ traceId }) => traceId)).toEqual(expected);
  });
});
