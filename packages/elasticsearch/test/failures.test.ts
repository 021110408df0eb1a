import { once } from "node:events";
import { decodeTraces, isSpanStoreError, type SpanStore, type TracesData } from "@spanstore/core";
import { openElasticsearchStore } from "@spanstore/elasticsearch";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  describeWithElasticsearch,
  type Elasticsearch,
  freshPrefix,
  hookMillis,
  removeSpaces,
  startElasticsearch,
} from "./elasticsearch.js";

const dayNanos = 24n * 3_600_000_000_000n;
const now = BigInt(Date.now()) * 1_000_000n;

/** One trace a number, of one span. */
function spanOf(number: number, startTimeUnixNano: bigint, attributeBytes = 0): TracesData {
  const resource = { attributes: [{ key: "service.name", value: { stringValue: "shop" } }] };
  const attributes = [{ key: "filler", value: { stringValue: noise(attributeBytes) } }];
  const span = {
    traceId: traceIdOf(number),
    spanId: number.toString(16).padStart(16, "0"),
    name: "op",
    startTimeUnixNano,
    endTimeUnixNano: startTimeUnixNano + 5n,
    attributes,
  };
  return { resourceSpans: [{ resource, scopeSpans: [{ spans: [span] }] }] };
}

function joined(...parts: readonly TracesData[]): TracesData {
  return { resourceSpans: parts.flatMap(({ resourceSpans }) => resourceSpans) };
}

/** Text that does not compress. */
function noise(length: number): string {
  let text = "";
  while (text.length < length) text += Math.random().toString(36).slice(2);
  return text.slice(0, length);
}

function traceIdOf(number: number): string {
  return number.toString(16).padStart(32, "0");
}

async function traceIdsIn(store: SpanStore): Promise<string[]> {
  const { traces } = await store.findTraceIds({ service: "shop", limit: 100_000 });
  return traces.map(({ traceId }) => traceId).sort();
}

async function errorOf(
  call: Promise<unknown>,
): Promise<{ code: string; hint: string | undefined; message: string }> {
  const error = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!isSpanStoreError(error)) throw new Error("no error of the store", { cause: error });
  return { code: error.code, hint: error.hint, message: error.message };
}

function dayOf(unixNano: bigint): string {
  return new Date(Number(unixNano / 1_000_000n)).toISOString().slice(0, 10).replaceAll("-", "");
}

describeWithElasticsearch("failures", (way) => {
  let server: Elasticsearch;
  const prefixes: string[] = [];
  const prefix = (): string => {
    const made = freshPrefix();
    prefixes.push(made);
    return made;
  };
  const put = async (path: string, body: object): Promise<void> => {
    const answer = await fetch(`${server.url}${path}`, {
      method: "PUT",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    expect(answer.status, await answer.text()).toBe(200);
  };
  beforeAll(async () => {
    server = await startElasticsearch(way);
  }, hookMillis);
  afterAll(async () => {
    if (server === undefined) return;
    for (const each of prefixes) await removeSpaces(server, each);
    await server.close();
  }, hookMillis);

  describe("of some documents", () => {
    it("what can never be indexed is rejected, and all the rest is kept", async () => {
      const own = prefix();
      // An index of yesterday that somebody made with other mappings.
      await put(`/${own}spans-${dayOf(now - dayNanos)}`, {
        mappings: { properties: { newest: { type: "boolean" } } },
      });
      await using store = await openElasticsearchStore({ url: server.url, prefix: own, refresh: "wait" });
      const bad = [2, 4].map((number) => spanOf(number, now - dayNanos));
      const good = [1, 3, 5].map((number) => spanOf(number, now));
      const [one, three, five] = good as [TracesData, TracesData, TracesData];
      const [two, four] = bad as [TracesData, TracesData];
      const { accepted, rejected } = await store.write(joined(one, two, three, four, five));
      expect(accepted).toBe(3);
      expect(rejected.map(({ reason }) => reason)).toEqual([
        expect.stringContaining("newest"),
        expect.stringContaining("newest"),
      ]);
      const spans = rejected.map(({ encoded }) => Buffer.from(encoded).toString("hex"));
      expect(spans.map((hex) => hex.includes(traceIdOf(2)) || hex.includes(traceIdOf(4)))).toEqual([
        true,
        true,
      ]);
      const range = { startTimeMinUnixNano: now - 1_000n, startTimeMaxUnixNano: now + 1_000n };
      const { traces } = await store.findTraceIds({ service: "shop", ...range });
      expect(traces.map(({ traceId }) => traceId)).toEqual([1, 3, 5].map(traceIdOf));
    });

    it("a request whose part fails is not acknowledged, and sent again it is there once", async () => {
      const own = prefix();
      const yesterday = `${own}spans-${dayOf(now - dayNanos)}`;
      await using store = await openElasticsearchStore({
        url: server.url,
        prefix: own,
        refresh: "wait",
        retryMillis: 200,
      });
      await store.write(spanOf(1, now - dayNanos));
      await put(`/${yesterday}/_settings`, { "index.blocks.write": true });
      const request = joined(spanOf(2, now), spanOf(3, now - dayNanos));
      const { code, hint } = await errorOf(store.write(request));
      expect(code).toBe("STORE_UNAVAILABLE");
      expect(hint).toContain("index.blocks");
      await put(`/${yesterday}/_settings`, { "index.blocks.write": null });
      expect(await store.write(request)).toEqual({ accepted: 2, rejected: [] });
      expect(await traceIdsIn(store)).toEqual([1, 2, 3].map(traceIdOf));
    });
  });

  describe("of the cluster", () => {
    it("an index that takes no writes for want of disk space is told, by writes and by health", async () => {
      const own = prefix();
      await using store = await openElasticsearchStore({
        url: server.url,
        prefix: own,
        refresh: "wait",
        retryMillis: 200,
      });
      await store.write(spanOf(1, now));
      await store.health();
      // What Elasticsearch does itself when a disk is nearly full.
      const index = `/${own}spans-${dayOf(now)}/_settings`;
      await put(index, { "index.blocks.read_only_allow_delete": true });
      for (const call of [() => store.write(spanOf(2, now)), () => store.health()]) {
        const { code, hint } = await errorOf(call());
        expect(code).toBe("STORE_UNAVAILABLE");
        expect(hint).toContain("disk");
      }
      expect(await traceIdsIn(store)).toEqual([traceIdOf(1)]);
      await put(index, { "index.blocks.read_only_allow_delete": null });
      await store.write(spanOf(2, now));
      await store.health();
      expect(await traceIdsIn(store)).toEqual([1, 2].map(traceIdOf));
    });

    it("missing shards fail every search rather than hide what they hold", { timeout: 60_000 }, async () => {
      const own = prefix();
      await using store = await openElasticsearchStore({
        url: server.url,
        prefix: own,
        refresh: "wait",
        retryMillis: 200,
      });
      await store.write(spanOf(1, now));
      await put(`/${own}spans-other?wait_for_active_shards=0`, {
        settings: { "index.routing.allocation.require._name": "nobody" },
      });
      const first = (): Promise<unknown> => {
        const chunks = store.getTraces([traceIdOf(1)]);
        return chunks[Symbol.asyncIterator]().next();
      };
      for (const call of [
        () => store.findTraceIds({ service: "shop" }),
        () => store.getServices(),
        () => store.health(),
        first,
      ]) {
        expect((await errorOf(call())).code).toBe("STORE_UNAVAILABLE");
      }
      // It stands in no way of spans that go elsewhere.
      await store.write(spanOf(2, now));
    });

    it("an address where nobody listens is told when the store is opened", async () => {
      const { code, hint } = await errorOf(
        openElasticsearchStore({ url: "http://127.0.0.1:1", retryMillis: 100 }),
      );
      expect(code).toBe("STORE_UNAVAILABLE");
      expect(hint).toContain("address");
    });

    it("of several nodes one that answers is enough", async () => {
      const own = prefix();
      const url = ["http://127.0.0.1:1", server.url, "http://127.0.0.1:2"];
      await using store = await openElasticsearchStore({ url, prefix: own, refresh: "wait" });
      for (let i = 1; i <= 10; i++) await store.write(spanOf(i, now));
      expect(await traceIdsIn(store)).toHaveLength(10);
    });

    it("bodies may be compressed", async () => {
      const own = prefix();
      await using store = await openElasticsearchStore({
        url: server.url,
        prefix: own,
        refresh: "wait",
        compression: true,
      });
      await store.write(joined(...Array.from({ length: 50 }, (_, i) => spanOf(i + 1, now))));
      expect(await traceIdsIn(store)).toHaveLength(50);
    });

    it("another program's index is not touched", async () => {
      const own = prefix();
      await put(`/${own}control`, { mappings: { properties: { mine: { type: "keyword" } } } });
      expect((await errorOf(openElasticsearchStore({ url: server.url, prefix: own }))).code).toBe(
        "INCOMPATIBLE_SCHEMA",
      );
    });
  });

  describe("killed", () => {
    it("every acknowledged span is there once after the server was killed", {
      timeout: 240_000,
    }, async () => {
      const program = server.program();
      // At an address there is nobody to kill.
      if (program === undefined) return;
      const own = prefix();
      await using store = await openElasticsearchStore({ url: server.url, prefix: own, refresh: "wait" });
      const acknowledged: number[] = [];
      let next = 1;
      let isOver = false;
      const send = async (): Promise<void> => {
        while (!isOver) {
          const number = next++;
          for (let done = false; !done; ) {
            // Whoever is not told tries again, as Jaeger's collector does.
            done = await store.write(spanOf(number, now + BigInt(number))).then(
              () => true,
              () => false,
            );
          }
          acknowledged.push(number);
        }
      };
      const senders = Array.from({ length: 4 }, send);
      const reached = async (count: number): Promise<void> => {
        while (acknowledged.length < count) await new Promise((resolve) => setImmediate(resolve));
      };
      await reached(100);
      const ended = once(program.process, "exit");
      program.process.kill("SIGKILL");
      await ended;
      await server.start();
      await reached(acknowledged.length + 20);
      isOver = true;
      await Promise.all(senders);
      expect(await traceIdsIn(store)).toEqual(acknowledged.map(traceIdOf).sort());
      let spans = 0;
      for await (const { encoded } of store.getTraces(acknowledged.map(traceIdOf))) {
        for (const { scopeSpans } of decodeTraces(encoded).resourceSpans)
          spans += scopeSpans[0]?.spans.length ?? 0;
      }
      expect(spans).toBe(acknowledged.length);
    });
  });
});

describeWithElasticsearch("a node that can take little at a time", (way) => {
  let server: Elasticsearch;
  const prefix = freshPrefix();
  beforeAll(async () => {
    server = await startElasticsearch(way, {
      settings: ["indexing_pressure.memory.limit: 64kb", "http.max_content_length: 1mb"],
    });
  }, hookMillis);
  afterAll(() => server?.close(), hookMillis);

  it("is not sent more than it takes, and what it can not take is told", { timeout: 120_000 }, async () => {
    // At an address the node is as it is.
    if (server.program() === undefined) return;
    await using store = await openElasticsearchStore({
      url: server.url,
      prefix,
      refresh: "wait",
      retryMillis: 300,
    });
    expect(await store.write(spanOf(1, now))).toEqual({ accepted: 1, rejected: [] });
    // More than it indexes at a time: later may help.
    expect((await errorOf(store.write(spanOf(2, now, 300_000)))).code).toBe("OVERLOADED");
    // More than it takes in one request, together and in parts.
    const { accepted, rejected } = await store.write(
      joined(spanOf(3, now, 20_000), spanOf(4, now, 2_000_000), spanOf(5, now, 20_000)),
    );
    expect(accepted).toBe(2);
    expect(rejected.map(({ reason }) => reason)).toEqual([expect.stringContaining("max_content_length")]);
    expect(await traceIdsIn(store)).toEqual([1, 3, 5].map(traceIdOf));
  });
});
