import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { isSpanStoreError, type SpanStore } from "@spanstore/core";
import { type ManticoreOptions, openManticoreMaintenance, openManticoreStore } from "@spanstore/manticore";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createProgress } from "../../../../scripts/test-support/kill/progress.js";
import { requestOf } from "../../../../scripts/test-support/kill/requests.mjs";
import { describeWithPeer } from "../../../../scripts/test-support/peers.js";
import { freePorts, type RunningProgram } from "../../../../scripts/test-support/processes.js";
import { span, traces } from "../one-span.js";
import { freshPrefix, type Searchd, startSearchd } from "../searchd.js";

/** A proxy before searchd whose connections a test can cut. */
async function startRelay({ hostname, port }: URL) {
  const sockets = new Set<Socket>();
  const server = createServer((inner) => {
    const outer = connect(Number(port), hostname);
    for (const [from, to] of [
      [inner, outer],
      [outer, inner],
    ] as const) {
      sockets.add(from);
      from.pipe(to);
      from.on("error", () => to.destroy());
      from.on("close", () => to.destroy());
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `mysql://127.0.0.1:${(server.address() as AddressInfo).port}`,
    connections: () => sockets.size,
    kill: async () => {
      const closed = once(server, "close");
      server.close();
      for (const socket of sockets) socket.resetAndDestroy();
      await closed;
    },
  };
}

async function consumed(items: AsyncIterable<unknown>): Promise<void> {
  for await (const item of items) void item;
}

const calls: Readonly<Record<string, (store: SpanStore) => Promise<unknown>>> = {
  write: (store) => store.write(traces),
  getTraces: (store) => consumed(store.getTraces(["1".repeat(32)])),
  findTraces: (store) => consumed(store.findTraces({ service: "shop" })),
  findSpans: (store) => consumed(store.findSpans({})),
  getServices: (store) => store.getServices(),
  getOperations: (store) => store.getOperations({ service: "shop" }),
  getDependencies: (store) =>
    store.getDependencies({ startTimeUnixNano: 0n, endTimeUnixNano: span.endTimeUnixNano }),
  deleteBefore: (store) => store.deleteBefore(1n),
  stats: (store) => store.stats(),
  health: (store) => store.health(),
};

describe("options", () => {
  it.each<[Partial<ManticoreOptions>, string]>([
    [{ url: "" }, "url"],
    [{ url: [] }, "url"],
    [{ url: "http://127.0.0.1:9308" }, "url"],
    [{ url: "mysql://%zz@127.0.0.1" }, "url"],
    [{ prefix: "Jaeger-" }, "prefix"],
    [{ prefix: "jaeger'; --" }, "prefix"],
    [{ window: "month" as "day" }, "window"],
    [{ writers: 0 }, "writers"],
    [{ readers: 1.5 }, "readers"],
    [{ cluster: "a:b" }, "cluster"],
    [{ url: ["mysql://127.0.0.1", "mysql://127.0.0.1:9306"] }, "url"],
    [{ shards: ["http://127.0.0.1"] }, "shards"],
    [{ shards: ["mysql://127.0.0.1:1"] }, "shards"],
    [{ shards: ["mysql://127.0.0.1:2?agent=a'b:1"] }, "shards"],
    [{ shards: ["mysql://127.0.0.1:2"], cluster: "traces" }, "shards"],
    [{ retryMillis: -1 }, "retryMillis"],
    [{ timeoutMillis: 0 }, "timeoutMillis"],
  ])("%j are refused, and the error names the option", async (options, field) => {
    await expect(openManticoreStore({ url: "mysql://127.0.0.1:1", ...options })).rejects.toMatchObject({
      code: "INVALID_OPTIONS",
      field,
    });
  });

  it("without a server make a store whose calls fail and name the address", async () => {
    const [port] = await freePorts(1);
    const url = `mysql://someone:secret@127.0.0.1:${port}`;
    await using store = await openManticoreStore({ url, retryMillis: 0 });
    const failure: unknown = await store.health().then(undefined, (error: unknown) => error);
    expect(failure).toMatchObject({
      code: "STORE_UNAVAILABLE",
      message: expect.stringContaining(`cannot reach Manticore Search at 127.0.0.1:${port}`),
      hint: expect.stringContaining("does searchd run"),
      field: undefined,
    });
    expect(String(failure)).not.toContain("secret");
    await expect(store.write(traces)).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
  });
});

describeWithPeer("manticore", "searchd", (located) => {
  let searchd: Searchd;
  const running = (): RunningProgram => searchd.program() as RunningProgram;
  beforeEach(async () => {
    searchd = await startSearchd(located);
  });
  afterEach(() => searchd?.close());

  it.skipIf(!("command" in located))(
    "fails every call while it is down, and serves every call once it is up again",
    async () => {
      const prefix = freshPrefix();
      await using store = await openManticoreStore({ url: searchd.url, prefix, retryMillis: 50 });
      await store.write(traces);
      await running().stop();
      for (const [name, call] of Object.entries(calls)) {
        const error: unknown = await call(store).then(
          () => undefined,
          (cause: unknown) => cause,
        );
        expect(isSpanStoreError(error) && error.code, name).toBe("STORE_UNAVAILABLE");
      }
      await searchd.start();
      for (const call of Object.values(calls)) await call(store);
      expect(await store.getServices()).toEqual(["shop"]);
    },
  );

  it.skipIf(!("command" in located))(
    "may be down when a store is opened, and serves it once it is up",
    async () => {
      await running().stop();
      const prefix = freshPrefix();
      const warnings: string[] = [];
      const warn = (message: string): unknown => warnings.push(message);
      await using store = await openManticoreStore({ url: searchd.url, prefix, retryMillis: 50, warn });
      for (const [name, call] of Object.entries(calls)) {
        const error: unknown = await call(store).then(
          () => undefined,
          (cause: unknown) => cause,
        );
        expect(isSpanStoreError(error) && error.code, name).toBe("STORE_UNAVAILABLE");
      }
      await expect(store.forTenant("acme").health()).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
      await expect(store.tenants()).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
      await searchd.start();
      await Promise.all(Object.values(calls).map((call) => call(store)));
      expect(await store.getServices()).toEqual(["shop"]);
      await store.forTenant("acme").write(traces);
      expect(await store.tenants()).toEqual(["acme"]);
      expect(warnings).toEqual([]);
    },
  );

  it.skipIf(!("command" in located))(
    "may be down for less than retryMillis without a failed call",
    async () => {
      await using store = await openManticoreStore({
        url: searchd.url,
        prefix: freshPrefix(),
        retryMillis: 60_000,
      });
      await running().stop();
      const write = store.write(traces);
      const services = store.getServices();
      await searchd.start();
      expect((await write).accepted).toBe(1);
      expect(await services).toBeInstanceOf(Array);
      expect(await store.getServices()).toEqual(["shop"]);
    },
  );

  it.skipIf(!("command" in located))("fails a call that it does not answer in time", async () => {
    const options = { url: searchd.url, prefix: freshPrefix(), retryMillis: 0, timeoutMillis: 300 };
    await using store = await openManticoreStore(options);
    await store.write(traces);
    const { process } = running();
    process.kill("SIGSTOP");
    await expect(store.findTraceIds({})).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
    await expect(store.write(traces)).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
    process.kill("SIGCONT");
    await store.write(traces);
    expect(await store.getServices()).toEqual(["shop"]);
    expect((await store.findTraceIds({})).traces.length).toBe(1);
  });

  it("at the second address serves while the first is down", async () => {
    const [port] = await freePorts(1);
    await using store = await openManticoreStore({
      url: [`mysql://127.0.0.1:${port}`, searchd.url],
      prefix: freshPrefix(),
    });
    await store.write(traces);
    expect(await store.getServices()).toEqual(["shop"]);
  });

  it("at two addresses goes on when the first fails during ingest and searches", {
    timeout: 120_000,
  }, async () => {
    const first = await startRelay(new URL(searchd.url));
    const prefix = freshPrefix();
    await using store = await openManticoreStore({ url: [first.url, searchd.url], prefix });
    let next = 0;
    const acknowledged = createProgress();
    let over = false;
    const send = async (): Promise<void> => {
      while (!over) {
        await store.write(requestOf(next++));
        acknowledged.step();
      }
    };
    const search = async (): Promise<void> => {
      while (!over) {
        const before = acknowledged.count();
        const { traces: found } = await store.findTraceIds({ service: "killed", limit: 100_000 });
        expect(found.length).toBeGreaterThanOrEqual(before);
      }
    };
    const busy = Promise.all([send(), send(), search(), search()]);
    await Promise.race([busy, acknowledged.reached(30)]);
    expect(first.connections()).toBeGreaterThan(0);
    await first.kill();
    await Promise.race([busy, acknowledged.reached(80)]);
    over = true;
    await busy;
    const summaries: number[] = [];
    for await (const chunk of store.findTraceSummaries({ limit: 100_000 })) {
      summaries.push(...chunk.summaries.map(({ spanCount }) => spanCount));
    }
    expect(summaries).toEqual(Array.from({ length: next }, () => 3));
  });

  it("reports its facts, and keeps all spans through maintenance", async () => {
    const prefix = freshPrefix();
    const warnings: string[] = [];
    await using store = await openManticoreStore({
      url: searchd.url,
      prefix,
      warn: (message) => warnings.push(message),
    });
    await store.write(traces);
    await using maintenance = openManticoreMaintenance({ url: searchd.url, prefix });
    const facts = await maintenance.facts();
    expect(facts.version).toMatch(/^\d+\./);
    expect(facts.maxPacketBytes).toBeGreaterThan(1_000_000);
    expect(warnings).toEqual(facts.warnings);
    await maintenance.flush();
    await maintenance.optimize();
    expect(await maintenance.tables()).toEqual(
      expect.arrayContaining([`${prefix}operations`, `${prefix}spans_20260304`]),
    );
    expect((await store.findTraceIds({ service: "shop" })).traces.length).toBe(1);
  });
});
