import { isSpanStoreError, type SpanStore } from "@spanstore/core";
import { type ManticoreOptions, openManticoreMaintenance, openManticoreStore } from "@spanstore/manticore";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { describeWithPeer } from "../../../scripts/test-support/peers.js";
import { freePorts, type RunningProgram } from "../../../scripts/test-support/processes.js";
import { freshPrefix, type Searchd, startSearchd } from "./searchd.js";

const start = 1_772_625_600_000_000_000n;
const traces = {
  resourceSpans: [
    {
      resource: { attributes: [{ key: "service.name", value: { stringValue: "shop" } }] },
      scopeSpans: [
        {
          spans: [
            {
              traceId: "1".repeat(32),
              spanId: "2".repeat(16),
              name: "get",
              startTimeUnixNano: start,
              endTimeUnixNano: start + 1n,
            },
          ],
        },
      ],
    },
  ],
};

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
  getDependencies: (store) => store.getDependencies({ startTimeUnixNano: 0n, endTimeUnixNano: start }),
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
    [{ retryMillis: -1 }, "retryMillis"],
    [{ timeoutMillis: 0 }, "timeoutMillis"],
  ])("%j are refused by name", async (options, field) => {
    await expect(openManticoreStore({ url: "mysql://127.0.0.1:1", ...options })).rejects.toMatchObject({
      code: "INVALID_OPTIONS",
      field,
    });
  });

  it("that name nobody fail with what to look at", async () => {
    const [port] = await freePorts(1);
    await expect(
      openManticoreStore({ url: `mysql://127.0.0.1:${port}`, retryMillis: 0 }),
    ).rejects.toMatchObject({ code: "STORE_UNAVAILABLE", hint: expect.stringContaining("searchd") });
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
    "that is down fails every call, and that is up again serves every one",
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

  it.skipIf(!("command" in located))("that comes back in time is not noticed", async () => {
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
  });

  it.skipIf(!("command" in located))("that does not answer is given up on", async () => {
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

  it("tells of itself, and keeps all through maintenance", async () => {
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

describeWithPeer("manticore", "a searchd that may lose what it has acknowledged", (located) => {
  it.skipIf(!("command" in located)).each([
    ["binlog_flush = 0", "a crash of searchd or a power cut"],
    ["", "a power cut"],
    ["binlog_path =", "no binary log"],
  ])("is told of at opening: %j", async (setting, words) => {
    const searchd = await startSearchd(located, { settings: [setting] });
    try {
      const warnings: string[] = [];
      const options = {
        url: searchd.url,
        prefix: freshPrefix(),
        warn: (text: string) => warnings.push(text),
      };
      await (await openManticoreStore(options)).close();
      expect(warnings).toEqual([expect.stringContaining(words)]);
    } finally {
      await searchd.close();
    }
  });
});
