import { fileURLToPath } from "node:url";
import { decodeTraces, isSpanStoreError } from "@spanstore/core";
import { openManticoreStore } from "@spanstore/manticore";
import { expect, it, onTestFinished } from "vitest";
import { freshPrefix, startSearchd } from "../../packages/manticore/test/searchd.js";
import { describeWithPeer } from "../../scripts/test-support/peers.js";
import { freePorts, startProgram, untilReady } from "../../scripts/test-support/processes.js";
import { startExampleSearchd } from "./example-searchd.js";
import { startOrderService } from "./orders.js";
import { createSpanBuffer } from "./span-buffer.js";

describeWithPeer("manticore", "the order service", (located) => {
  it("keeps the spans of its requests, and finds those that failed", async () => {
    const searchd = await startExampleSearchd(located);
    onTestFinished(searchd.close);
    const options = { url: searchd.url, prefix: freshPrefix() };
    const store = await openManticoreStore(options);
    const errors: unknown[] = [];
    const service = await startOrderService({ store, port: 0, onError: (error) => errors.push(error) });
    const get = async (path: string) => {
      const answer = await fetch(`${service.url}${path}`);
      return [answer.status, await answer.json()];
    };

    expect(await get("/orders/1")).toEqual([200, { book: "The Go Programming Language", copies: 1 }]);
    expect(await get("/orders/7")).toEqual([404, { error: "no order 7" }]);
    const failed = {
      traceId: expect.stringMatching(/^[0-9a-f]{32}$/),
      rootOperationName: "GET /orders/:id",
      spanCount: 2,
      errorSpanCount: 1,
    };
    expect(await get("/debug/errors")).toEqual([200, [failed]]);
    expect(await get("/debug/slow?than=0ns")).toEqual([
      200,
      [failed, { ...failed, traceId: expect.any(String), errorSpanCount: 0 }],
    ]);
    expect(await get("/debug/slow?than=1h")).toEqual([200, []]);
    expect(errors).toEqual([]);
    expect((await get("/debug/slow?than=long"))[0]).toBe(400);

    await service.close();
    await store.close();

    // Its spans are there when it comes again, and for every other service.
    await using again = await openManticoreStore(options);
    expect(await again.getOperations({ service: "orders" })).toEqual([
      { name: "GET /orders/:id", spanKind: "server" },
      { name: "SELECT orders", spanKind: "client" },
    ]);
    const names: string[] = [];
    for await (const { encoded } of again.findTraces({
      service: "orders",
      attributes: { "order.id": "7" },
    })) {
      for (const { scopeSpans } of decodeTraces(encoded).resourceSpans) {
        for (const { spans } of scopeSpans) names.push(...spans.map(({ name }) => name));
      }
    }
    expect(names.sort()).toEqual(["GET /orders/:id", "SELECT orders"]);
  });

  it("runs as a program, and has written everything when it ends", async () => {
    const searchd = await startExampleSearchd(located);
    onTestFinished(searchd.close);
    const [port] = await freePorts(1);
    const main = fileURLToPath(new URL("../dist/orders.js", import.meta.url));
    const options = { url: searchd.url, prefix: freshPrefix() };
    const flags = [`--url=${options.url}`, `--prefix=${options.prefix}`, `--port=${port}`];
    const program = startProgram([process.execPath, main], flags);
    onTestFinished(async () => void (await program.stop()));
    await untilReady(`http://127.0.0.1:${port}/orders/1`, program);
    expect((await fetch(`http://127.0.0.1:${port}/orders/9`)).status).toBe(404);
    expect(await program.stop()).toBe(0);
    await using store = await openManticoreStore(options);
    const { traces } = await store.findTraceIds({ service: "orders", attributes: { "order.id": "9" } });
    expect(traces).toHaveLength(1);
  });

  it("keeps spans while nothing answers, and writes them when it does", async (context) => {
    const searchd = await startSearchd(located);
    onTestFinished(searchd.close);
    const program = searchd.program();
    if (program === undefined) return context.skip("this searchd is not the test's to stop");
    await using store = await openManticoreStore({ url: searchd.url, prefix: freshPrefix(), retryMillis: 0 });
    const errors: unknown[] = [];
    const buffer = createSpanBuffer(store, "buffered", (error) => errors.push(error));
    const span = (id: string) => ({
      traceId: id.repeat(32),
      spanId: id.repeat(16),
      name: id,
      startTimeUnixNano: 1_800_000_000_000_000_000n,
      endTimeUnixNano: 1_800_000_000_000_000_001n,
    });

    await program.stop();
    buffer.add(span("a"));
    await buffer.flush();
    buffer.add(span("b"));
    await buffer.flush();
    expect(buffer.counts()).toEqual({ waiting: 2, dropped: 0 });
    expect(errors.every((error) => isSpanStoreError(error) && error.code === "STORE_UNAVAILABLE")).toBe(true);

    await searchd.start();
    await buffer.flush();
    expect(buffer.counts()).toEqual({ waiting: 0, dropped: 0 });
    expect(await store.getOperations({ service: "buffered" })).toMatchObject([{ name: "a" }, { name: "b" }]);
  });
});
