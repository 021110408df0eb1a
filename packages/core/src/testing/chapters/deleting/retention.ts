import assert from "node:assert/strict";
import { encodeTraces } from "../../../otlp/encode.js";
import { labelsOf, readTraces } from "../../contents.js";
import { everything, everythingOf } from "../../everything.js";
import type { About, Suite } from "../../harness.js";
import { type TestSpan, timeAt, traceIdOf, tracesOf } from "../../spans.js";

const spans: readonly TestSpan[] = [
  { trace: 1, id: 1, service: "old", name: "gone", at: 1_000 },
  { trace: 1, id: 2, parent: 1, service: "shop", name: "gone too", at: 1_001 },
  { trace: 2, id: 1, service: "shop", name: "first half", at: 9_999 },
  { trace: 2, id: 2, parent: 1, service: "cart", name: "second half", at: 10_000 },
  { trace: 2, id: 3, parent: 2, service: "stock", name: "op", at: 10_001 },
  { trace: 3, id: 1, service: "shop", name: "kept", at: 20_000 },
  { trace: 3, id: 2, parent: 1, service: "cart", name: "kept", at: 20_001 },
];
const startOf = ({ at = 0 }: TestSpan): bigint => timeAt(at);
const boundary = timeAt(10_000);

export function describeRetention(suite: Suite): void {
  const deleting: About = { features: ["deleteBefore"] };

  suite.describe("deleteBefore", () => {
    /** In order of time, so that one store serves all. */
    const edges: readonly (readonly [string, bigint])[] = [
      ["before 0", -1n],
      ["at 0", 0n],
      ["before everything", timeAt(0)],
      ["one nanosecond before a span's start", boundary - 1n],
      ["at a span's start, which keeps the span", boundary],
      ["one nanosecond after a span's start", boundary + 1n],
      ["among the last spans", timeAt(20_001)],
      ["after everything", timeAt(30_000)],
    ];
    const ways: Readonly<Record<string, readonly (readonly TestSpan[])[]>> = {
      "one request": [spans],
      "a request each": spans.map((span) => [span]),
      "requests that share spans": [spans.slice(0, 5), spans.slice(2), spans],
    };
    for (const [way, requests] of Object.entries(ways)) {
      suite.it(
        `removes exactly the spans that started earlier, and the names that only they had: ${way}`,
        async (store) => {
          for (const each of requests) await store.write(tracesOf(...each));
          for (const [what, time] of edges) {
            await store.deleteBefore(time);
            const kept = spans.filter((span) => startOf(span) >= time);
            assert.deepEqual(await everything(store), await everythingOf(kept), what);
          }
        },
        deleting,
      );
    }
    suite.it(
      "at the largest time keeps only the spans that start then, and beyond it keeps none",
      async (store) => {
        const end = (1n << 64n) - 1n;
        const last: TestSpan = { trace: 9, service: "last", at: end, duration: 0n };
        await store.write(tracesOf(...spans, last));
        await store.deleteBefore(end);
        assert.deepEqual(await everything(store), await everythingOf([last]));
        await store.deleteBefore(1n << 70n);
        assert.deepEqual(await everything(store), await everythingOf([]));
      },
      deleting,
    );
    suite.it(
      "treats spans beyond 2262 like others",
      async (store) => {
        const far = [1n << 63n, (1n << 63n) + 1n, (1n << 64n) - 3n].map(
          (at, i): TestSpan => ({ trace: i + 1, service: `s${i}`, at, duration: 1n }),
        );
        await store.write(tracesOf(...far));
        await store.deleteBefore((1n << 63n) + 1n);
        assert.deepEqual(await everything(store), await everythingOf(far.slice(1)));
      },
      deleting,
    );
    suite.it(
      "stores deleted spans again when they arrive again",
      async (store) => {
        await store.write(tracesOf(...spans));
        await store.deleteBefore(boundary);
        await store.write(tracesOf(...spans));
        assert.deepEqual(await everything(store), await everythingOf(spans));
        await store.deleteBefore(boundary + 1n);
        await store.write(tracesOf(...spans.slice(0, 4)));
        await store.deleteBefore(boundary);
        const kept = spans.filter((span) => startOf(span) >= boundary);
        assert.deepEqual(await everything(store), await everythingOf(kept));
      },
      deleting,
    );
    suite.it(
      "recognizes the rest of a request when it arrives again",
      async (store) => {
        const kept = spans.filter((span) => startOf(span) >= boundary);
        await store.write(tracesOf(...spans));
        await store.deleteBefore(boundary);
        await store.write(tracesOf(...kept));
        assert.deepEqual(await everything(store), await everythingOf(kept));
      },
      deleting,
    );
    suite.it(
      "deleting twice, and during writes, loses no younger span",
      async (store) => {
        const young = Array.from({ length: 20 }, (_, i) =>
          tracesOf({ trace: 100 + i, service: "shop", at: 60_000 + i }),
        );
        await store.write(tracesOf(...spans));
        await Promise.all([
          ...young.map((each) => store.write(each)),
          store.deleteBefore(timeAt(30_000)),
          store.deleteBefore(timeAt(30_000)),
        ]);
        const expected = young.flatMap((each) => labelsOf(encodeTraces(each))).sort();
        assert.deepEqual(
          (await readTraces(store.findTraces({}))).traces.flatMap((trace) => trace.spans).sort(),
          expected,
        );
        assert.deepEqual(await store.getServices(), ["shop"]);
      },
      deleting,
    );
    suite.it(
      "lists only the services of stored spans when old spans arrive during the deletion",
      async (store) => {
        const many = Array.from({ length: 1500 }, (_, i) => ({ trace: i + 1, service: "shop", at: i + 1 }));
        await store.write(tracesOf(...many));
        let isDone = false;
        const deletion = store.deleteBefore(timeAt(30_000)).finally(() => {
          isDone = true;
        });
        const late: TestSpan[] = [];
        while (!isDone) {
          const span = { trace: 10_000 + late.length, service: `late ${late.length}`, at: 0 };
          late.push(span);
          await store.write(tracesOf(span));
        }
        await deletion;
        const { traces } = await readTraces(store.findTraces({ limit: late.length + many.length }));
        const left = new Set(traces.map(({ traceId }) => traceId));
        assert.deepEqual(
          await store.getServices(),
          late
            .filter(({ trace }) => left.has(traceIdOf(trace)))
            .map(({ service }) => service)
            .sort(),
        );
      },
      deleting,
    );
    suite.it(
      "deleted spans stay deleted when the store is opened again",
      async (_store, open) => {
        const first = await open("again");
        await first.write(tracesOf(...spans));
        await first.deleteBefore(boundary);
        await first.close();
        const kept = suite.options.persists ? spans.filter((span) => startOf(span) >= boundary) : [];
        assert.deepEqual(await everything(await open("again")), await everythingOf(kept));
      },
      deleting,
    );
  });

  suite.describe("purge", () => {
    suite.it(
      "removes everything, and stores all of it again",
      async (store) => {
        await store.write(tracesOf(...spans));
        const before = await everything(store);
        await store.purge();
        assert.deepEqual(await everything(store), await everythingOf([]));
        assert.deepEqual((await readTraces(store.getTraces([1, 2, 3].map(traceIdOf)))).traces, []);
        await store.write(tracesOf(...spans));
        assert.deepEqual(await everything(store), before);
      },
      { features: ["purge"] },
    );
  });
}
