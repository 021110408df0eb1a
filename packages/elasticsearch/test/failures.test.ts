import type { SpanStore, TracesData } from "@spanstore/core";
import { openElasticsearchStore } from "@spanstore/elasticsearch";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  cleanUp,
  describeWithElasticsearch,
  type Elasticsearch,
  freshPrefix,
  hookMillis,
  sharedElasticsearch,
} from "../../../scripts/test-support/elasticsearch/elasticsearch.js";
import { checkOptions } from "../src/options.js";
import { datedIndex } from "../src/schema/schema.js";
import { putter } from "./support/put.js";
import { dayNanos, dayOf, errorOf, joined, now, spanOf, traceIdOf, traceIdsIn } from "./support/spans.js";

describeWithElasticsearch("failures", (way) => {
  let server: Elasticsearch;
  const prefixes: string[] = [];
  const prefix = (): string => {
    const made = freshPrefix();
    prefixes.push(made);
    return made;
  };
  const open = (own: string): Promise<SpanStore> =>
    openElasticsearchStore({ url: server.url, prefix: own, refresh: "wait", retryMillis: 200 });
  const put = putter(() => server.url);
  beforeAll(async () => {
    server = await sharedElasticsearch(way);
  }, hookMillis);
  afterAll(() => cleanUp(way, server, prefixes), hookMillis);

  describe("of some documents", () => {
    it("rejects spans that can never be indexed, and keeps the rest", async () => {
      const own = prefix();
      // An index of yesterday from another program, with a mapping that refuses the numbers of spans.
      const settings = checkOptions({ url: server.url });
      const { mappings } = datedIndex(settings) as { readonly mappings: { readonly properties: object } };
      const properties = { ...mappings.properties, sequence: { type: "boolean" } };
      await put(`/${own}spans-${dayOf(now - dayNanos)}`, { mappings: { ...mappings, properties } });
      await using store = await open(own);
      const bad = [2, 4].map((number) => spanOf(number, now - dayNanos));
      const good = [1, 3, 5].map((number) => spanOf(number));
      const [one, three, five] = good as [TracesData, TracesData, TracesData];
      const [two, four] = bad as [TracesData, TracesData];
      const { accepted, rejected } = await store.write(joined(one, two, three, four, five));
      expect(accepted).toBe(3);
      expect(rejected.map(({ reason }) => reason)).toEqual([
        expect.stringContaining("sequence"),
        expect.stringContaining("sequence"),
      ]);
      const spans = rejected.map(({ encoded }) => Buffer.from(encoded).toString("hex"));
      expect(spans.map((hex) => [2, 4].find((number) => hex.includes(traceIdOf(number))))).toEqual([2, 4]);
      const range = { startTimeMinUnixNano: now - 1_000n, startTimeMaxUnixNano: now + 1_000n };
      const { traces } = await store.findTraceIds({ service: "shop", ...range });
      expect(traces.map(({ traceId }) => traceId)).toEqual([1, 3, 5].map(traceIdOf));
    });

    it("fails a request of which a part failed; sent again, its spans are stored once", async () => {
      const own = prefix();
      const yesterday = `${own}spans-${dayOf(now - dayNanos)}`;
      await using store = await open(own);
      await store.write(spanOf(1, now - dayNanos));
      await put(`/${yesterday}/_settings`, { "index.blocks.write": true });
      const request = joined(spanOf(2), spanOf(3, now - dayNanos));
      const { code, hint } = await errorOf(store.write(request));
      expect(code).toBe("STORE_UNAVAILABLE");
      expect(hint).toContain("index.blocks");
      await put(`/${yesterday}/_settings`, { "index.blocks.write": null });
      expect(await store.write(request)).toEqual({ accepted: 2, rejected: [] });
      expect(await traceIdsIn(store)).toEqual([1, 2, 3].map(traceIdOf));
    });
  });

  describe("of the cluster", () => {
    it("writes and health report an index that blocks writes for lack of disk space", async () => {
      const own = prefix();
      await using store = await open(own);
      await store.write(spanOf(1));
      await store.health();
      // Elasticsearch sets this block when a disk is nearly full.
      const index = `/${own}spans-${dayOf(now)}/_settings`;
      await put(index, { "index.blocks.read_only_allow_delete": true });
      for (const call of [() => store.write(spanOf(2)), () => store.health()]) {
        const { code, hint } = await errorOf(call());
        expect(code).toBe("STORE_UNAVAILABLE");
        expect(hint).toContain("disk");
      }
      expect(await traceIdsIn(store)).toEqual([traceIdOf(1)]);
      await put(index, { "index.blocks.read_only_allow_delete": null });
      await store.write(spanOf(2));
      await store.health();
      expect(await traceIdsIn(store)).toEqual([1, 2].map(traceIdOf));
    });

    it("every search fails while shards are missing", async () => {
      const own = prefix();
      await using store = await open(own);
      await store.write(spanOf(1));
      await put(`/${own}spans-other?wait_for_active_shards=0`, {
        settings: { "index.routing.allocation.require._name": "no-such-node" },
      });
      const first = (): Promise<unknown> =>
        store
          .getTraces([traceIdOf(1)])
          [Symbol.asyncIterator]()
          .next();
      for (const call of [() => store.findTraceIds({ service: "shop" }), () => store.getServices(), first]) {
        expect((await errorOf(call())).code).toBe("STORE_UNAVAILABLE");
      }
      const { code, message, hint } = await errorOf(store.health());
      expect(code).toBe("STORE_UNAVAILABLE");
      expect(message).toContain("red");
      expect(hint).toContain("allocation/explain");
      // Spans of other indices are written.
      await store.write(spanOf(2));
    });

    it("leaves the index of another program unchanged", async () => {
      const own = prefix();
      await put(`/${own}control`, { mappings: { properties: { mine: { type: "keyword" } } } });
      await using store = await open(own);
      for (const call of [() => store.health(), () => store.write(spanOf(1)), () => store.getServices()]) {
        expect((await errorOf(call())).code).toBe("INCOMPATIBLE_SCHEMA");
      }
    });
  });
});
