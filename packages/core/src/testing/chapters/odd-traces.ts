import assert from "node:assert/strict";
import type { TraceSummary } from "../../store/contract/calls.js";
import type { SpanStore } from "../../store/contract/span-store.js";
import { found, readSummaries, readTraces } from "../contents.js";
import type { Suite } from "../harness.js";
import { timeAt, traceIdOf, tracesOf } from "../spans.js";

async function summaryOf(store: SpanStore): Promise<TraceSummary | undefined> {
  return (await readSummaries(store.findTraceSummaries({}))).summaries[0];
}

/** Traces as in practice: late spans, missing roots, cycles of parents, shared span ids. */
export function describeOddTraces(suite: Suite): void {
  suite.it("late spans move their trace and lengthen it", async (store) => {
    await store.write(tracesOf({ trace: 1, at: 1 }, { trace: 2, at: 2 }));
    assert.deepEqual(await found(store, {}), [2, 1].map(traceIdOf));
    await store.write(tracesOf({ trace: 1, id: 2, at: 3 }));
    assert.deepEqual(await found(store, {}), [1, 2].map(traceIdOf));
    await store.write(tracesOf({ trace: 1, id: 3, at: -86_400_000, duration: 1n }));
    const [first] = (await store.findTraceIds({})).traces;
    assert.deepEqual(first, {
      traceId: traceIdOf(1),
      startTimeUnixNano: timeAt(-86_400_000),
      endTimeUnixNano: timeAt(4),
    });
  });
  suite.it("a trace without its root is found and has a summary", async (store) => {
    const service = "shop";
    await store.write(
      tracesOf({ trace: 1, id: 2, parent: 1, service }, { trace: 1, id: 3, parent: 2, service }),
    );
    const headless = {
      traceId: traceIdOf(1),
      rootServiceName: "",
      rootOperationName: "",
      minStartTimeUnixNano: timeAt(0),
      maxEndTimeUnixNano: timeAt(1),
      spanCount: 2,
      errorSpanCount: 0,
      orphanSpanCount: 1,
      services: [{ name: service, spanCount: 2, errorSpanCount: 0 }],
    };
    assert.deepEqual(await summaryOf(store), headless);
    await store.write(tracesOf({ trace: 1, id: 1, service: "gate", name: "in", at: 5, status: { code: 2 } }));
    assert.deepEqual(await summaryOf(store), {
      ...headless,
      rootServiceName: "gate",
      rootOperationName: "in",
      maxEndTimeUnixNano: timeAt(6),
      spanCount: 3,
      errorSpanCount: 1,
      orphanSpanCount: 0,
      services: [{ name: "gate", spanCount: 1, errorSpanCount: 1 }, ...headless.services],
    });
  });
  suite.it("the earliest of several roots counts", async (store) => {
    await store.write(tracesOf({ trace: 1, id: 1, service: "b", name: "late", at: 2 }));
    await store.write(tracesOf({ trace: 1, id: 2, service: "a", name: "early", at: 1 }));
    const summary = await summaryOf(store);
    assert.equal(summary?.rootServiceName, "a");
    assert.equal(summary?.rootOperationName, "early");
  });
  suite.it("spans that are their own or each other's parents let no call hang", async (store) => {
    await store.write(
      tracesOf(
        { trace: 1, id: 1, parent: 1, service: "shop" },
        { trace: 1, id: 2, parent: 3, service: "shop" },
        { trace: 1, id: 3, parent: 2, service: "cart" },
      ),
    );
    assert.equal((await readTraces(store.findTraces({}))).traces[0]?.spans.length, 3);
    const summary = await summaryOf(store);
    assert.equal(summary?.spanCount, 3);
    assert.equal(summary?.orphanSpanCount, 0);
    assert.equal(summary?.rootServiceName, "");
  });
  suite.it("client and server may share a span id", async (store) => {
    await store.write(
      tracesOf(
        { trace: 1, id: 1, service: "shop", kind: 3 },
        { trace: 1, id: 2, parent: 1, service: "shop", kind: 3 },
      ),
    );
    await store.write(tracesOf({ trace: 1, id: 2, parent: 1, service: "cart", kind: 2, at: 1 }));
    assert.equal((await readTraces(store.findTraces({ service: "cart" }))).traces[0]?.spans.length, 3);
    const summary = await summaryOf(store);
    assert.deepEqual(
      summary?.services.map(({ name, spanCount }) => [name, spanCount]),
      [
        ["cart", 1],
        ["shop", 2],
      ],
    );
    assert.equal(summary?.orphanSpanCount, 0);
  });
  suite.it("spans that end before they start are kept and have a negative duration", async (store) => {
    await store.write(tracesOf({ trace: 1, duration: -5n }, { trace: 2, duration: 5n }));
    assert.deepEqual(await found(store, { minDurationNano: 1n }), [traceIdOf(2)]);
    assert.deepEqual(await found(store, { maxDurationNano: 4n }), [traceIdOf(1)]);
  });
}
