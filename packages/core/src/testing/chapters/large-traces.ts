import assert from "node:assert/strict";
import { encodeTraces } from "../../otlp/encode.js";
import type { TraceChunk } from "../../store/contract/calls.js";
import type { SpanStore } from "../../store/contract/span-store.js";
import { walkSpans } from "../answers.js";
import { labelsOf, readSummaries, readTraces } from "../contents.js";
import type { Suite } from "../harness.js";
import { assertRefused } from "../refusals.js";
import { type TestSpan, traceIdOf, tracesOf } from "../spans.js";

/** The spans of one write in Jaeger's certification. */
const inOneRequest = 10_008;
const inManyRequests = 60_000;
const spansPerRequest = 2_000;

function spansOfTrace(trace: number, from: number, count: number): TestSpan[] {
  return Array.from({ length: count }, (_, i): TestSpan => {
    const id = from + i + 1;
    return {
      trace,
      id,
      ...(id === 1 ? {} : { parent: Math.floor(id / 2) }),
      service: `s${id % 3}`,
      name: `op${id % 7}`,
      at: id,
      attributes: { "http.route": `/orders/${id}/items`, "http.status_code": 200 + (id % 3) },
    };
  });
}

export function describeLargeTraces(suite: Suite): void {
  suite.it(`a trace of ${inOneRequest} spans in one request comes back whole`, async (store) => {
    const traces = tracesOf(...spansOfTrace(1, 0, inOneRequest));
    await store.write(traces);
    const expected = labelsOf(encodeTraces(traces)).sort();
    assert.deepEqual((await readTraces(store.getTraces([traceIdOf(1)]))).traces[0]?.spans, expected);
    assert.deepEqual((await readTraces(store.findTraces({}))).traces[0]?.spans, expected);
    assert.deepEqual((await walkSpans(store, {}, 3_000)).sort(), expected);
    const { summaries } = await readSummaries(store.findTraceSummaries({}));
    assert.equal(summaries[0]?.spanCount, inOneRequest);
    assert.equal(summaries[0]?.orphanSpanCount, 0);
  });

  suite.it(`a trace of ${inManyRequests} spans in many requests streams in chunks`, async (store) => {
    await writeInParts(store);
    const chunks: TraceChunk[] = [];
    for await (const chunk of store.getTraces([traceIdOf(1)])) chunks.push(chunk);
    assert.ok(chunks.length > 1, "all spans came in one chunk");
    const { traces } = await readTraces(again(chunks));
    assert.equal(traces.length, 1);
    assert.equal(new Set(traces[0]?.spans).size, inManyRequests);
    assert.equal(traces[0]?.spans.length, inManyRequests);

    const abort = new AbortController();
    const iterator = store.getTraces([traceIdOf(1)], { signal: abort.signal })[Symbol.asyncIterator]();
    assert.equal((await iterator.next()).done, false);
    abort.abort();
    await assertRefused(() => iterator.next(), "ABORTED");
  });

  suite.it("large traces found together come one after the other", async (store) => {
    for (let from = 0; from < 20_000; from += 1_000) {
      await store.write(tracesOf(...[1, 2, 3].flatMap((trace) => spansOfTrace(trace, from, 1_000))));
    }
    const { traces } = await readTraces(store.getTraces([3, 1, 2].map(traceIdOf)));
    assert.deepEqual(
      traces.map(({ traceId }) => traceId),
      [3, 1, 2].map(traceIdOf),
    );
    for (const { spans } of traces) assert.equal(spans.length, 20_000);
  });

  suite.it("spans of a megabyte each come in chunks of at most 3 MiB", async (store) => {
    const text = "x".repeat(1_000_000);
    for (let id = 1; id <= 8; id++) await store.write(tracesOf({ trace: 1, id, attributes: { text } }));
    assert.equal((await readTraces(store.getTraces([traceIdOf(1)]))).traces[0]?.spans.length, 8);
    assert.equal((await walkSpans(store, {}, 5)).length, 8);
  });

  suite.describe("spanLimit", () => {
    const counts = [1, 2, 9, 10, 11, 1000];
    for (const spread of [true, false]) {
      suite.it(`cuts and says so, spans in ${spread ? "many requests" : "one request"}`, async (store) => {
        const spans = [1, 2].flatMap((trace) => spansOfTrace(trace, 0, trace === 1 ? 10 : 3));
        if (spread) for (const span of spans) await store.write(tracesOf(span));
        else await store.write(tracesOf(...spans));
        for (const spanLimit of counts) {
          const expected = [10, 3].map((count, i) => ({
            traceId: traceIdOf(i + 1),
            spans: Math.min(count, spanLimit),
            truncated: count > spanLimit,
          }));
          const counted = async (chunks: AsyncIterable<TraceChunk>) =>
            (await readTraces(chunks)).traces.map((trace) => ({ ...trace, spans: trace.spans.length }));
          assert.deepEqual(await counted(store.getTraces([1, 2].map(traceIdOf), { spanLimit })), expected);
          const found = await counted(store.findTraces({ spanLimit }));
          assert.deepEqual(
            found.sort((a, b) => (a.traceId < b.traceId ? -1 : 1)),
            expected,
          );
        }
      });
    }
    suite.it("is a whole number above 0", async (store) => {
      const field = suite.has("errorFields") ? "spanLimit" : undefined;
      for (const spanLimit of [0, -1, 1.5, Number.NaN]) {
        await assertRefused(() => store.getTraces([traceIdOf(1)], { spanLimit }), "INVALID_QUERY", field);
        await assertRefused(() => store.findTraces({ spanLimit }), "INVALID_QUERY", field);
      }
    });
  });
}

async function writeInParts(store: SpanStore): Promise<void> {
  const requests: Promise<unknown>[] = [];
  for (let from = 0; from < inManyRequests; from += spansPerRequest) {
    requests.push(store.write(tracesOf(...spansOfTrace(1, from, spansPerRequest))));
    if (requests.length % 4 === 0) await Promise.all(requests);
  }
  await Promise.all(requests);
}

async function* again<T>(items: readonly T[]): AsyncGenerator<T, void> {
  yield* items;
}
