import { openElasticsearchStore } from "@spanstore/elasticsearch";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import {
  cleanUp,
  describeWithElasticsearch,
  type Elasticsearch,
  freshPrefix,
  hookMillis,
  sharedElasticsearch,
} from "../../../scripts/test-support/elasticsearch/elasticsearch.js";
import { until } from "../../../scripts/test-support/processes.js";
import { type Gateway, startGateway } from "./support/gateway.js";
import { errorOf, spanOf, traceIdOf, traceIdsIn } from "./support/spans.js";

describeWithElasticsearch("a call that waits", (way) => {
  let server: Elasticsearch;
  let prefix: string;
  let gateway: Gateway;
  const prefixes: string[] = [];
  /** Holds the answers of bulk requests back until the test releases them. */
  let bulks: (() => void)[] = [];
  beforeAll(async () => {
    server = await sharedElasticsearch(way);
    prefix = freshPrefix();
    prefixes.push(prefix);
    gateway = await startGateway(server.url, {
      hold: ({ url = "" }) =>
        url.startsWith("/_bulk") ? new Promise((resolve) => bulks.push(resolve)) : Promise.resolve(),
    });
    await using store = await openElasticsearchStore({ url: server.url, prefix });
    await store.write(spanOf(1));
  }, hookMillis);
  afterEach(() => {
    for (const letGo of bulks) letGo();
    bulks = [];
  });
  afterAll(async () => {
    await gateway?.close();
    await cleanUp(way, server, prefixes);
  }, hookMillis);

  const open = (timeoutMillis = 30_000) =>
    openElasticsearchStore({
      url: gateway.url,
      prefix,
      refresh: "wait",
      writers: 1,
      timeoutMillis,
      retryMillis: 60_000,
    });
  const held = (count: number): Promise<unknown> =>
    until(async () => (bulks.length === count ? true : undefined), {
      what: `${count} writes under way`,
      timeoutMs: 30_000,
    });

  it("fails when the answer does not come in time, without a retry", async () => {
    await using store = await open(3_000);
    const { code, message } = await errorOf(store.write(spanOf(2)));
    expect(code).toBe("STORE_UNAVAILABLE");
    expect(message).toMatch(/timed out/i);
    expect(bulks).toHaveLength(1);
  });

  it("ends with its signal: a walk that waits for writes, a write that waits for others, a write under way", async () => {
    await using store = await open();
    const abort = new AbortController();
    const { signal } = abort;
    const first = store.write(spanOf(3));
    await held(1);
    const calls = [
      store.findTraceIds({ service: "shop", page: { size: 1, token: "" } }, { signal }),
      store.write(spanOf(4), { signal }),
    ];
    const codes = Promise.all(calls.map(async (call) => (await errorOf(call)).code));
    // The walk has begun an epoch, and the write waits in its queue.
    await new Promise(setImmediate);
    abort.abort();
    expect(await codes).toEqual(["ABORTED", "ABORTED"]);
    expect(bulks).toHaveLength(1);
    const under = new AbortController();
    const second = store.write(spanOf(5), { signal: under.signal });
    bulks[0]?.();
    await first;
    await held(2);
    under.abort();
    expect((await errorOf(second)).code).toBe("ABORTED");
    bulks[1]?.();
    expect((await traceIdsIn(store)).slice(0, 3)).toEqual([1, 2, 3].map(traceIdOf));
  });
});
