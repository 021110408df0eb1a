import assert from "node:assert/strict";
import { encodeTraces } from "../../../otlp/encode.js";
import { readTraces } from "../../contents.js";
import type { Suite } from "../../harness.js";
import { assertRefused } from "../../refusals.js";
import { traceIdOf, tracesOf } from "../../spans.js";
import {
  calls,
  everything,
  justOneTrace,
  methods,
  nothing,
  oneTrace,
  streams,
  threeTraces,
  uncancellable,
} from "./calls.js";

const fullCapabilities = {
  withoutServiceName: true,
  sameSpanConjunction: true,
  filter: {
    levels: ["span", "resource", "scope", "event", "link"],
    operators: [
      ...[
        "and",
        "or",
        "not",
        "eq",
        "ne",
        "gt",
        "lt",
        "gte",
        "lte",
        "regex",
        "exists",
        "in",
        "not_in",
        "some",
      ],
      ...["phrase", "fulltext"],
    ],
  },
  paginated: true,
  spanSearch: true,
  spanSorting: true,
};

export function describeLifecycle(suite: Suite): void {
  suite.describe("opening", () => {
    suite.it("a new store is empty and answers every call", async (store) => {
      assert.ok(store.engine.length > 0);
      assert.deepEqual(await everything(store), nothing);
      assert.deepEqual(await store.capabilities(), fullCapabilities);
      await store.health();
    });
    suite.it("stores that open at the same time are separate", async (_store, open) => {
      const stores = await Promise.all(["a", "b", "c"].map(open));
      await stores[1]?.write(oneTrace);
      assert.deepEqual(await Promise.all(stores.map(everything)), [nothing, justOneTrace, nothing]);
    });
  });

  suite.describe("open", () => {
    suite.it("every read returns a span once its write has resolved", async (store) => {
      assert.deepEqual(await store.write(oneTrace), { accepted: 1, rejected: [] });
      assert.deepEqual(await everything(store), justOneTrace);
    });
    suite.it("a write takes the model or protobuf", async (store) => {
      await store.write(encodeTraces(oneTrace));
      assert.deepEqual(await everything(store), justOneTrace);
    });
    suite.it("an empty write succeeds", async (store) => {
      const none = { accepted: 0, rejected: [] };
      assert.deepEqual(await store.write(new Uint8Array(0)), none);
      assert.deepEqual(await store.write({ resourceSpans: [] }), none);
      assert.deepEqual(await store.write({ resourceSpans: [{ scopeSpans: [{ spans: [] }] }] }), none);
      assert.deepEqual(await everything(store), nothing);
    });
    suite.it("bytes that are not OTLP are refused", async (store) => {
      const cut = encodeTraces(threeTraces).subarray(0, -1);
      await assertRefused(() => store.write(cut), "INVALID_TRACES");
      await assertRefused(() => store.write(Uint8Array.of(0xff, 0xff, 0xff)), "INVALID_TRACES");
      assert.deepEqual(await everything(store), nothing);
    });
    suite.it("concurrent calls all have answers", async (store) => {
      await store.write(oneTrace);
      const all = await Promise.all(Array.from({ length: 20 }, () => everything(store)));
      for (const each of all) assert.deepEqual(each, justOneTrace);
    });
    suite.it(
      "stats count the bytes of spans",
      async (store) => {
        await store.write(oneTrace);
        assert.ok((await store.stats()).bytes > 0);
      },
      { features: ["stats"] },
    );
  });

  suite.describe("aborting", () => {
    suite.it("a signal that has fired fails every call with ABORTED, without effect", async (store) => {
      for (const method of methods.filter((each) => !uncancellable.includes(each))) {
        await assertRefused(() => calls[method](store, { signal: AbortSignal.abort() }), "ABORTED");
      }
      assert.deepEqual(await everything(store), nothing);
    });
    for (const method of streams) {
      suite.it(`${method}: a signal that fires during the stream ends it with ABORTED`, async (store) => {
        await store.write(threeTraces);
        const abort = new AbortController();
        const iterator = (calls[method](store, { signal: abort.signal }) as AsyncIterable<unknown>)[
          Symbol.asyncIterator
        ]();
        assert.equal((await iterator.next()).done, false);
        abort.abort();
        await assertRefused(() => iterator.next(), "ABORTED");
        assert.equal((await iterator.next()).done, true);
        assert.equal((await readTraces(store.findTraces({}))).traces.length, 3);
      });
    }
    suite.it("leaving a stream early leaves the store working", async (store) => {
      await store.write(threeTraces);
      for (const method of streams) {
        for await (const _ of calls[method](store) as AsyncIterable<unknown>) break;
      }
      assert.equal((await readTraces(store.findTraces({}))).traces.length, 3);
    });
  });

  suite.describe("closing", () => {
    suite.it("every call fails with STORE_CLOSED during and after a close", async (store) => {
      await store.write(oneTrace);
      const closed = store.close();
      await Promise.all(methods.map((method) => assertRefused(() => calls[method](store), "STORE_CLOSED")));
      await closed;
      for (const method of methods) await assertRefused(() => calls[method](store), "STORE_CLOSED");
    });
    for (const method of streams) {
      suite.it(
        `${method}: a stream that is open when the store closes ends with STORE_CLOSED`,
        async (store) => {
          await store.write(threeTraces);
          const iterate = () => (calls[method](store) as AsyncIterable<unknown>)[Symbol.asyncIterator]();
          const [untouched, begun, waiting] = [iterate(), iterate(), iterate()];
          await begun.next();
          const pending = waiting.next().catch((error: unknown) => error);
          await store.close();
          // A running stream may still return items, but no call hangs.
          await pending;
          for (const iterator of [untouched, begun])
            await assertRefused(() => iterator.next(), "STORE_CLOSED");
        },
      );
    }
    suite.it("closing again succeeds, at the same time and later", async (store) => {
      await Promise.all([store.close(), store.close()]);
      await store.close();
      await store[Symbol.asyncDispose]();
    });
    suite.it("await using closes", async (_store, open) => {
      const store = await open("used");
      await store[Symbol.asyncDispose]();
      await assertRefused(() => store.health(), "STORE_CLOSED");
    });
    suite.it("close waits for running writes, and they are stored", async (_store, open) => {
      const store = await open("busy");
      const writes = Array.from({ length: 30 }, (_, i) => store.write(tracesOf({ trace: i + 1 })));
      const closed = store.close();
      for (const result of await Promise.all(writes)) assert.equal(result.accepted, 1);
      await closed;
      if (!suite.options.persists) return;
      const again = await open("busy");
      assert.equal((await again.findTraceIds({})).traces.length, 30);
    });
    suite.it("closing one store does not affect the others", async (store, open) => {
      await store.write(oneTrace);
      await (await open("other")).close();
      assert.deepEqual(await everything(store), justOneTrace);
    });
  });

  suite.describe("reopened", () => {
    suite.it(
      suite.options.persists ? "a store still has its spans" : "a store is empty",
      async (_store, open) => {
        const first = await open("again");
        await first.write(oneTrace);
        await first.close();
        const second = await open("again");
        assert.deepEqual(await everything(second), suite.options.persists ? justOneTrace : nothing);
        await second.write(oneTrace);
        assert.deepEqual(await everything(second), justOneTrace);
        await second.health();
      },
    );
    if (!suite.options.persists) return;
    suite.it("a page token continues its walk", async (_store, open) => {
      const first = await open("walk");
      await first.write(threeTraces);
      const { nextPageToken } = await first.findTraceIds({ page: { size: 2 } });
      assert.ok(nextPageToken !== undefined);
      await first.close();
      const second = await open("walk");
      await second.write(tracesOf({ trace: 9, at: 0 }));
      const { traces } = await second.findTraceIds({ page: { size: 2, token: nextPageToken } });
      assert.deepEqual(traces[0]?.traceId, traceIdOf(3));
    });
  });
}
