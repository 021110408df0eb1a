import { isSpanStoreError, type SpanStore } from "@spanstore/core";
import {
  diagnoseElasticsearch,
  type ElasticsearchOptions,
  openElasticsearchStore,
} from "@spanstore/elasticsearch";
import { afterAll, beforeAll, expect, it } from "vitest";
import {
  cleanUp,
  describeWithElasticsearch,
  type Elasticsearch,
  freshPrefix,
  hookMillis,
  sharedElasticsearch,
} from "../../../scripts/test-support/elasticsearch/elasticsearch.js";
import { until } from "../../../scripts/test-support/processes.js";
import { putter } from "./support/put.js";
import { dayNanos, dayOf, errorOf, joined, now, spanOf, traceIdOf, traceIdsIn } from "./support/spans.js";

describeWithElasticsearch("deleted from a store in use", (way) => {
  let server: Elasticsearch;
  const prefixes: string[] = [];
  beforeAll(async () => {
    server = await sharedElasticsearch(way);
  }, hookMillis);
  afterAll(() => cleanUp(way, server, prefixes), hookMillis);

  const fresh = (): string => {
    const prefix = freshPrefix();
    prefixes.push(prefix);
    return prefix;
  };
  const open = (prefix: string, options: Partial<ElasticsearchOptions> = {}): Promise<SpanStore> =>
    openElasticsearchStore({ url: server.url, prefix, refresh: "wait", retryMillis: 300, ...options });
  const put = putter(() => server.url);
  const remove = async (path: string): Promise<void> => {
    const answer = await fetch(`${server.url}${path}`, { method: "DELETE" });
    expect(answer.status, await answer.text()).toBe(200);
  };
  const mappingOf = async (index: string): Promise<unknown> => {
    const answer = (await (await fetch(`${server.url}/${index}/_mapping`)).json()) as object;
    return (Object.values(answer)[0] as { mappings?: unknown } | undefined)?.mappings;
  };

  it("the control index: it is made again as it was, and the store opens", async () => {
    const prefix = fresh();
    {
      await using store = await open(prefix, { window: "hour" });
      await store.write(spanOf(1));
      const before = await mappingOf(`${prefix}control`);
      await remove(`/${prefix}control`);
      await until(
        async () => {
          await store.write(spanOf(2));
          return (await fetch(`${server.url}/${prefix}control`)).status === 200 ? true : undefined;
        },
        { what: "a new control index", timeoutMs: 20_000 },
      );
      expect(await mappingOf(`${prefix}control`)).toEqual(before);
      await remove(`/${prefix}control`);
    }
    await using store = await open(prefix);
    await store.write(spanOf(3));
    expect(await traceIdsIn(store)).toEqual([1, 2, 3].map(traceIdOf));
    const listed = await fetch(`${server.url}/_cat/indices/${prefix}spans-*?h=index`);
    // An hour, although this store was opened with days.
    for (const name of (await listed.text()).trim().split("\n")) expect(name).toMatch(/\d{10}$/);
  });

  it("the control index, which Elasticsearch made again without a template: the store opens", async () => {
    const prefix = fresh();
    {
      await using store = await open(prefix);
      await store.write(joined(spanOf(1), spanOf(2, now - dayNanos), spanOf(3, now - 2n * dayNanos)));
    }
    // The state that an earlier version left, which had no template for it.
    await remove(`/${prefix}control`);
    await remove(`/_index_template/${prefix}control`);
    await put(`/_index_template/${prefix}spans`, {
      index_patterns: [`${prefix}spans-*`],
      priority: 500,
      template: {},
      _meta: { spanstore: { version: 1 } },
    });
    await fetch(`${server.url}/${prefix}control/_doc/state`, {
      method: "PUT",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ epoch: 1, generation: 0, servers: [] }),
    });
    expect(await diagnosis(prefix, "control")).toMatchObject([{ level: "warning" }]);
    await using store = await open(prefix, { window: "week" });
    await store.write(spanOf(4));
    expect(await traceIdsIn(store)).toEqual([1, 2, 3, 4].map(traceIdOf));
    const listed = await (await fetch(`${server.url}/_cat/indices/${prefix}spans-*?h=index`)).text();
    expect(listed.trim().split("\n")).toHaveLength(3);
    expect(await diagnosis(prefix, "control")).toEqual([]);
  });

  it("an index of spans: the names of later spans are listed", async () => {
    const prefix = fresh();
    await using store = await open(prefix);
    await store.write(spanOf(1));
    expect(await store.getServices()).toEqual(["shop"]);
    await remove(`/${prefix}spans-${dayOf(now)}`);
    await store.write(spanOf(2));
    expect(await traceIdsIn(store)).toEqual([traceIdOf(2)]);
    expect(await store.getServices()).toEqual(["shop"]);
    expect(await store.getOperations({ service: "shop" })).toEqual([{ name: "op", spanKind: "" }]);
  });

  it("an index of spans and its template: the store reports the index that replaces it, and does not use it", async () => {
    const prefix = fresh();
    const index = `${prefix}spans-${dayOf(now)}`;
    await using store = await open(prefix);
    await store.write(spanOf(1));
    await remove(`/_index_template/${prefix}spans`);
    await remove(`/${index}`);
    for (const call of [() => store.write(spanOf(2)), () => store.write(spanOf(2)), () => store.health()]) {
      const { code, message, hint } = await errorOf(call());
      expect(code).toBe("STORE_UNAVAILABLE");
      expect(message).toContain(`the index ${index} was not made from the store's template`);
      expect(hint).toContain(`delete the index ${index}`);
    }
    expect(await diagnosis(prefix, "indices")).toContainEqual(
      expect.objectContaining({ level: "problem", text: expect.stringContaining(index) }),
    );
    // The index of another day works.
    expect(await store.write(spanOf(3, now - dayNanos))).toEqual({ accepted: 1, rejected: [] });
    await remove(`/${index}`);
    await until(
      () =>
        store.write(spanOf(2)).catch((error: unknown) => {
          if (!isSpanStoreError(error)) throw error;
          return undefined;
        }),
      { what: "a write", timeoutMs: 20_000 },
    );
    expect(await traceIdsIn(store)).toEqual([2, 3].map(traceIdOf));
    await store.health();
  });

  const diagnosis = async (prefix: string, subject: string) => {
    const findings = await diagnoseElasticsearch({ url: server.url, prefix });
    return findings.filter((each) => each.subject === subject);
  };
});
