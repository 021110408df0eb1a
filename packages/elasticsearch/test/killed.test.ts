import { decodeTraces, isSpanStoreError, type SpanStore } from "@spanstore/core";
import { openElasticsearchStore } from "@spanstore/elasticsearch";
import { afterAll, beforeAll, expect, it } from "vitest";
import {
  describeWithElasticsearch,
  freshPrefix,
  hookMillis,
  ownElasticsearch,
} from "../../../scripts/test-support/elasticsearch/elasticsearch.js";
import type { OwnServer } from "../../../scripts/test-support/elasticsearch/server.js";
import { until } from "../../../scripts/test-support/processes.js";
import { checkOptions } from "../src/options.js";
import { datedIndex } from "../src/schema/schema.js";
import { putter } from "./support/put.js";
import { dayNanos, dayOf, errorOf, joined, now, spanOf, traceIdOf, traceIdsIn } from "./support/spans.js";

/** How often the node is killed. */
const kills = Number(process.env.SPANSTORE_KILLS || 1);

describeWithElasticsearch("a node of its own", (way) => {
  let server: OwnServer | undefined;
  const prefix = freshPrefix();
  beforeAll(async () => {
    server = await ownElasticsearch(way, ["cluster.info.update.interval: 10s"]);
  }, hookMillis);
  afterAll(() => server?.close(), hookMillis);

  const open = (prefixEnd: string, retryMillis: number): Promise<SpanStore> =>
    openElasticsearchStore({
      url: server?.url ?? "",
      prefix: `${prefix}${prefixEnd}-`,
      refresh: "wait",
      retryMillis,
    });
  const put = putter(() => server?.url ?? "");

  it("is OVERLOADED while its circuit breaker is open, and serves again when it closes", async ({ skip }) => {
    if (server === undefined) return skip("the node at an address cannot be changed");
    await using hasty = await open("breaker", 200);
    await using patient = await open("breaker", 60_000);
    await hasty.write(spanOf(1));
    const limit = "indices.breaker.total.limit";
    // Less than the node uses already.
    await put("/_cluster/settings", { persistent: { [limit]: "5%" } });
    for (const call of [() => hasty.write(spanOf(2)), () => traceIdsIn(hasty), () => hasty.getServices()]) {
      const { code, message } = await errorOf(call());
      expect(code).toBe("OVERLOADED");
      expect(message).toContain("circuit_breaking_exception");
    }
    const write = patient.write(spanOf(3));
    const search = traceIdsIn(patient);
    await put("/_cluster/settings", { persistent: { [limit]: null } });
    expect(await write).toEqual({ accepted: 1, rejected: [] });
    expect((await search).slice(0, 1)).toEqual([traceIdOf(1)]);
    expect(await traceIdsIn(hasty)).toEqual([1, 3].map(traceIdOf));
  });

  it("rejects no span when it refuses more shards, and stores all when it accepts them", async ({ skip }) => {
    if (server === undefined) return skip("other programs make indices at an address");
    await using store = await open("shards", 200);
    await store.write(spanOf(1));
    await put("/_cluster/settings", { persistent: { "cluster.max_shards_per_node": 1 } });
    const request = joined(spanOf(2), spanOf(3, now - dayNanos));
    const { code, hint } = await errorOf(store.write(request));
    expect(code).toBe("STORE_UNAVAILABLE");
    expect(hint).toContain("cluster.max_shards_per_node");
    await put("/_cluster/settings", { persistent: { "cluster.max_shards_per_node": null } });
    expect(await store.write(request)).toEqual({ accepted: 2, rejected: [] });
    expect(await traceIdsIn(store)).toEqual([1, 2, 3].map(traceIdOf));
  });

  it("may refuse to make indices for writes", async ({ skip }) => {
    if (server === undefined) return skip("other programs make indices at an address");
    const pattern = "action.auto_create_index";
    await put("/_cluster/settings", { persistent: { [pattern]: false } });
    await using store = await open("manual", 200);
    expect(await store.write(spanOf(1))).toEqual({ accepted: 1, rejected: [] });
    expect(await traceIdsIn(store)).toEqual([traceIdOf(1)]);
    // Also when the control index is lost.
    const gone = await fetch(`${server.url}/${prefix}manual-control`, { method: "DELETE" });
    expect(gone.status).toBe(200);
    await until(
      async () => {
        await store.write(spanOf(2));
        const state = await fetch(`${server?.url}/${prefix}manual-control/_doc/state`);
        return state.status === 200 ? true : undefined;
      },
      { what: "a new common state", timeoutMs: 30_000 },
    );
    await put("/_cluster/settings", { persistent: { [pattern]: null } });
  });

  it("blocks writes while its disk is nearly full, and takes them again when there is room", {
    timeout: 120_000,
  }, async ({ skip }) => {
    if (server === undefined) return skip("the disk at an address cannot be changed");
    await using store = await open("disk", 200);
    await store.write(spanOf(1));
    const watermark = (bytes: string | null): object => ({
      persistent: {
        "cluster.routing.allocation.disk.threshold_enabled": bytes === null ? null : true,
        "cluster.routing.allocation.disk.watermark.low": bytes,
        "cluster.routing.allocation.disk.watermark.high": bytes,
        "cluster.routing.allocation.disk.watermark.flood_stage": bytes,
      },
    });
    const healthCode = (): Promise<string | undefined> =>
      store.health().then(
        () => undefined,
        (error: unknown) => (isSpanStoreError(error) ? error.code : String(error)),
      );
    // More than any disk has free.
    await put("/_cluster/settings", watermark("900tb"));
    await until(async () => ((await healthCode()) === undefined ? undefined : true), {
      what: "the flood stage",
      timeoutMs: 60_000,
    });
    for (const call of [() => store.write(spanOf(2)), () => store.health()]) {
      const { code, hint } = await errorOf(call());
      expect(code).toBe("STORE_UNAVAILABLE");
      expect(hint).toContain("disk");
    }
    expect(await traceIdsIn(store)).toEqual([traceIdOf(1)]);
    await put("/_cluster/settings", watermark("1b"));
    await until(async () => ((await healthCode()) === undefined ? true : undefined), {
      what: "room",
      timeoutMs: 60_000,
    });
    expect(await store.write(spanOf(2))).toEqual({ accepted: 1, rejected: [] });
    expect(await traceIdsIn(store)).toEqual([1, 2].map(traceIdOf));
    await put("/_cluster/settings", watermark(null));
  });

  it("has every acknowledged span once, however often it is killed during writes", {
    timeout: 120_000 + kills * 60_000,
  }, async ({ skip }) => {
    if (server?.isKillable !== true) return skip("the server cannot be killed");
    const own = server;
    await using store = await open("kill", 500);
    const acknowledged: number[] = [];
    let next = 1;
    let isOver = false;
    const send = async (): Promise<void> => {
      for (let number = next++; !isOver; ) {
        // Retries without an answer, as Jaeger's collector does.
        const error = await store.write(spanOf(number, now + BigInt(number))).then(
          () => undefined,
          (reason: unknown) => reason,
        );
        if (error === undefined) {
          acknowledged.push(number);
          number = next++;
        } else if (!isSpanStoreError(error) || !["STORE_UNAVAILABLE", "OVERLOADED"].includes(error.code)) {
          throw error;
        }
      }
    };
    const senders = Promise.all(Array.from({ length: 4 }, send));
    // Ends the wait below when a sender fails, too.
    let failure: unknown;
    senders.catch((error: unknown) => {
      failure = error;
    });
    const reached = (count: number): Promise<unknown> =>
      until(async () => (failure !== undefined || acknowledged.length >= count ? true : undefined), {
        what: `${count} writes`,
        timeoutMs: 60_000,
      });
    try {
      for (let round = 0; round < kills; round++) {
        await reached(acknowledged.length + 40);
        await own.kill();
        await own.start();
      }
      await reached(acknowledged.length + 20);
    } finally {
      isOver = true;
    }
    await senders;
    expect(await traceIdsIn(store)).toEqual(acknowledged.map(traceIdOf).sort());
    let spans = 0;
    for await (const { encoded } of store.getTraces(acknowledged.map(traceIdOf))) {
      for (const { scopeSpans } of decodeTraces(encoded).resourceSpans) {
        for (const scope of scopeSpans) spans += scope.spans.length;
      }
    }
    expect(spans).toBe(acknowledged.length);
  });

  it("lists the names again that a node lost", {
    timeout: 120_000,
  }, async ({ skip }) => {
    if (server?.isKillable !== true) return skip("the server cannot be killed");
    // An index of today with asynchronous durability.
    const index = `${prefix}lost-spans-${dayOf(now)}`;
    const { settings, mappings } = datedIndex(checkOptions({ url: server.url })) as {
      readonly settings: { readonly index: object };
      readonly mappings: object;
    };
    const careless = { translog: { durability: "async", sync_interval: "1h" } };
    await put(`/${index}`, { settings: { index: { ...settings.index, ...careless } }, mappings });
    await using store = await open("lost", 60_000);
    await store.write(spanOf(1));
    expect(await store.getServices()).toEqual(["shop"]);
    await server.kill();
    await server.start();
    await store.write(spanOf(2));
    expect(await traceIdsIn(store)).toEqual([traceIdOf(2)]);
    expect(await store.getServices()).toEqual(["shop"]);
  });

  it("fails calls at once while it is down, those of a new store too, and serves both when it is back", {
    timeout: 120_000,
  }, async ({ skip }) => {
    if (server?.isKillable !== true) return skip("the server cannot be killed");
    await using store = await open("down", 300);
    await store.write(spanOf(1));
    await server.kill();
    await using late = await open("down", 300);
    for (const each of [store, late]) {
      for (const call of [() => each.write(spanOf(2)), () => each.health(), () => each.getServices()]) {
        expect((await errorOf(call())).code).toBe("STORE_UNAVAILABLE");
      }
    }
    // It comes back with a small limit of bytes.
    await server.start(["indexing_pressure.memory.limit: 256kb", "http.max_content_length: 1mb"]);
    await until(() => late.write(spanOf(2)), { what: "a write", timeoutMs: 60_000 });
    await store.write(spanOf(3));
    expect(await traceIdsIn(late)).toEqual([1, 2, 3].map(traceIdOf));
  });

  it("with a small limit gets smaller requests, and the store rejects larger spans", {
    timeout: 120_000,
  }, async ({ skip }) => {
    if (server?.isKillable !== true) return skip("the node at an address cannot be changed");
    await using store = await open("little", 300);
    expect(await store.write(spanOf(1))).toEqual({ accepted: 1, rejected: [] });
    // More than it indexes at a time: a later try may help.
    const { code, message } = await errorOf(store.write(spanOf(2, now, 600_000)));
    expect(code).toBe("OVERLOADED");
    expect(message).toContain("rejected_execution");
    // More than it accepts in one request, together and in parts.
    const { accepted, rejected } = await store.write(
      joined(spanOf(3, now, 20_000), spanOf(4, now, 2_000_000), spanOf(5, now, 20_000)),
    );
    expect(accepted).toBe(2);
    expect(rejected.map(({ reason }) => reason)).toEqual([expect.stringContaining("max_content_length")]);
    expect(await traceIdsIn(store)).toEqual([1, 3, 5].map(traceIdOf));
  });
});
