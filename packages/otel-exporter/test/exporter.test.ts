import { context, SpanStatusCode, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { resourceFromAttributes } from "@opentelemetry/resources";
import {
  BatchSpanProcessor,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
  type SpanExporter,
  type SpanProcessor,
  TracerProvider,
} from "@opentelemetry/sdk-trace";
import { connectSpanStore } from "@spanstore/client";
import {
  and,
  decodeTraces,
  isSpanStoreError,
  openMemoryStore,
  resource,
  type Span,
  type SpanStore,
  span as spanLevel,
} from "@spanstore/core";
import { startServer } from "@spanstore/grpc-server";
import { openSqliteStore } from "@spanstore/sqlite";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { freePorts } from "../../../scripts/test-support/processes.js";
import { createSpanStoreExporter, type ExportResult } from "../src/index.js";

beforeAll(() => context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable()));
afterAll(() => context.disable());

const providerOf = (processor: SpanProcessor) =>
  new TracerProvider({
    resource: resourceFromAttributes({ "service.name": "shop", "service.version": "1.2.3" }),
    spanProcessors: [processor],
  });

async function spansIn(store: SpanStore, query = {}): Promise<Span[]> {
  const spans: Span[] = [];
  for await (const { encoded } of store.findTraces({ service: "shop", limit: 1_000, ...query })) {
    for (const { scopeSpans } of decodeTraces(encoded).resourceSpans) {
      for (const scope of scopeSpans) spans.push(...scope.spans);
    }
  }
  return spans;
}

/** Spans recorded by a real SDK. */
async function recordedSpans(count: number): Promise<ReadableSpan[]> {
  const memory = new InMemorySpanExporter();
  const provider = providerOf(new SimpleSpanProcessor({ exporter: memory }));
  for (let i = 0; i < count; i += 1) provider.getTracer("t").startSpan(`span ${i}`).end();
  await provider.forceFlush();
  return memory.getFinishedSpans();
}

const exportOf = (exporter: SpanExporter, spans: ReadableSpan[]): Promise<ExportResult> =>
  new Promise((resolve) => exporter.export(spans, resolve));

const stores: [name: string, open: () => Promise<SpanStore>][] = [
  ["memory", async () => openMemoryStore()],
  ["SQLite in memory", () => openSqliteStore({ path: ":memory:" })],
];

describe.each(stores)("on %s", (_, open) => {
  it("writes the spans of an instrumented program, and searches find them by their fields", async () => {
    await using store = await open();
    const provider = providerOf(new SimpleSpanProcessor({ exporter: createSpanStoreExporter(store) }));
    const tracer = provider.getTracer("shop", "1.0");
    await tracer.startActiveSpan("POST /checkout", async (server) => {
      await tracer.startActiveSpan("charge", async (charge) => {
        charge.setAttribute("card.last4", "4242").recordException(new Error("declined"));
        charge.setStatus({ code: SpanStatusCode.ERROR, message: "declined" }).end();
      });
      server.setAttribute("http.response.status_code", 502).end();
    });
    await provider.forceFlush();

    const [server, charge] = (await spansIn(store)).sort((a, b) => (a.name < b.name ? -1 : 1));
    expect(server).toMatchObject({ name: "POST /checkout" });
    expect(charge).toMatchObject({
      name: "charge",
      traceId: server?.traceId,
      parentSpanId: server?.spanId,
      status: { code: 2, message: "declined" },
      events: [{ name: "exception" }],
    });
    const filter = and(resource.service.eq("shop"), spanLevel.attr("http.response.status_code").gte(500));
    expect((await store.findTraceIds({ filter })).traces.map(({ traceId }) => traceId)).toEqual([
      server?.traceId,
    ]);
    await provider.shutdown();
    // The caller owns the store, so it is still open.
    expect(await store.getServices()).toEqual(["shop"]);
  });

  it("takes batches", async () => {
    await using store = await open();
    const processor = new BatchSpanProcessor({
      exporter: createSpanStoreExporter(store),
      maxExportBatchSize: 10,
      maxQueueSize: 1_000,
    });
    const provider = providerOf(processor);
    for (let i = 0; i < 95; i += 1) provider.getTracer("t").startSpan(`span ${i}`).end();
    await provider.shutdown();
    expect(await spansIn(store)).toHaveLength(95);
  });

  it("takes a thousand spans that end at once, one by one", async () => {
    await using store = await open();
    const provider = providerOf(new SimpleSpanProcessor({ exporter: createSpanStoreExporter(store) }));
    for (let i = 0; i < 1_000; i += 1) provider.getTracer("t").startSpan(`span ${i}`).end();
    await provider.forceFlush();
    expect(await spansIn(store)).toHaveLength(1_000);
  });
});

describe("the result of an export", () => {
  it("is success when the spans are durable, and without spans", async () => {
    await using store = openMemoryStore();
    const exporter = createSpanStoreExporter(store);
    const spans = await recordedSpans(3);
    expect(await exportOf(exporter, spans)).toEqual({ code: 0 });
    expect(await spansIn(store)).toHaveLength(3);
    expect(await exportOf(exporter, [])).toEqual({ code: 0 });
  });

  it("fails only the export whose span no store can keep", async () => {
    await using store = openMemoryStore();
    // Adds a span with an id of three bytes to the request with this span.
    const spoiled = "span 1";
    const shortId = [0x0a, 9, 0x12, 7, 0x12, 5, 0x0a, 3, 1, 2, 3];
    const exporter = createSpanStoreExporter({
      write: async (request, options) => {
        const bytes = Buffer.from(request as Uint8Array);
        return store.write(bytes.includes(spoiled) ? Buffer.from([...bytes, ...shortId]) : bytes, options);
      },
    });
    const [first, second, third, fourth] = (await recordedSpans(4)) as [
      ReadableSpan,
      ReadableSpan,
      ReadableSpan,
      ReadableSpan,
    ];
    const noHex: ReadableSpan = Object.create(third, {
      spanContext: { value: () => ({ ...third.spanContext(), spanId: "no hex" }) },
    });
    const results = await Promise.all(
      [first, second, noHex, fourth].map((span) => exportOf(exporter, [span])),
    );
    expect(results.map(({ code }) => code)).toEqual([0, 1, 1, 0]);
    expect(results[1]?.error).toMatchObject({
      code: "INVALID_TRACES",
      message: expect.stringContaining("can never be stored"),
    });
    expect(results[2]?.error).toMatchObject({
      code: "INVALID_TRACES",
      field: expect.stringMatching(/spanId$/),
    });
    expect((await spansIn(store)).map(({ name }) => name).sort()).toEqual(["span 0", "span 1", "span 3"]);
  });

  it("is failure after a shutdown, which waits for earlier exports", async () => {
    await using store = await openSqliteStore({ path: ":memory:" });
    const exporter = createSpanStoreExporter(store);
    const spans = await recordedSpans(2);
    const before = exportOf(exporter, spans.slice(0, 1));
    await exporter.shutdown();
    expect(await spansIn(store)).toHaveLength(1);
    expect(await before).toEqual({ code: 0 });
    const { code, error } = await exportOf(exporter, spans.slice(1));
    expect(code).toBe(1);
    expect(isSpanStoreError(error) && error.code).toBe("STORE_CLOSED");
    await exporter.shutdown();
    expect(await spansIn(store)).toHaveLength(1);
  });

  it("is failure when the store is closed, but a flush succeeds", async () => {
    const store = openMemoryStore();
    const exporter = createSpanStoreExporter(store);
    await store.close();
    const result = exportOf(exporter, await recordedSpans(1));
    await exporter.forceFlush();
    const { code, error } = await result;
    expect(code).toBe(1);
    expect(isSpanStoreError(error) && error.code).toBe("STORE_CLOSED");
  });

  it("is failure when too many bytes wait", async () => {
    await using store = await openSqliteStore({ path: ":memory:" });
    const exporter = createSpanStoreExporter(store, { maxWaitingBytes: 1_000 });
    const spans = await recordedSpans(40);
    const results = await Promise.all(spans.map((span) => exportOf(exporter, [span])));
    const taken = results.filter(({ code }) => code === 0).length;
    expect(taken).toBeGreaterThan(1);
    expect(taken).toBeLessThan(40);
    for (const { code, error } of results) {
      if (code === 1) expect(isSpanStoreError(error) && error.code).toBe("OVERLOADED");
    }
    expect(await spansIn(store)).toHaveLength(taken);
    expect(await exportOf(exporter, spans.slice(-1))).toEqual({ code: 0 });
  });
});

describe("behind a server", () => {
  it("waits for a server that starts later", async () => {
    const [port] = await freePorts(1);
    const address = `127.0.0.1:${port}`;
    await using remote = connectSpanStore(address);
    await using store = openMemoryStore();
    const exporter = createSpanStoreExporter(remote);
    const spans = await recordedSpans(5);
    // Without a server the first write fails, like this call.
    const result = exportOf(exporter, spans);
    await expect(remote.health()).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
    const server = await startServer({ store, listen: address });
    onTestFinished(() => server.close());
    expect(await result).toEqual({ code: 0 });
    expect(await spansIn(store)).toHaveLength(5);
  });

  it("gives up in time when no server starts", async () => {
    const [port] = await freePorts(1);
    await using remote = connectSpanStore(`127.0.0.1:${port}`);
    const exporter = createSpanStoreExporter(remote, { timeoutMillis: 300 });
    const { code, error } = await exportOf(exporter, await recordedSpans(1));
    expect(code).toBe(1);
    expect(isSpanStoreError(error) && error.code).toBe("STORE_UNAVAILABLE");
  });
});

it.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY])("refuses %d as an option", (value) => {
  const open = () => createSpanStoreExporter(openMemoryStore(), { timeoutMillis: value });
  expect(open).toThrow(expect.objectContaining({ code: "INVALID_OPTIONS", field: "timeoutMillis" }));
});

it("does not take part in the traces of the program", async () => {
  await using store = openMemoryStore();
  const provider = providerOf(new SimpleSpanProcessor({ exporter: createSpanStoreExporter(store) }));
  const writes: (string | undefined)[] = [];
  const watched = createSpanStoreExporter({
    write: (request, options) => {
      writes.push(trace.getSpan(context.active())?.spanContext().spanId);
      return store.write(request, options);
    },
  });
  const other = providerOf(new SimpleSpanProcessor({ exporter: watched }));
  provider.getTracer("t").startActiveSpan("outer", (outer) => {
    other.getTracer("t").startSpan("inner").end();
    outer.end();
  });
  await Promise.all([provider.forceFlush(), other.forceFlush()]);
  expect(writes).toHaveLength(1);
});
