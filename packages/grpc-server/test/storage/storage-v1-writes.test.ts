import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { status } from "@grpc/grpc-js";
import { openMemoryStore, SpanStoreError } from "@spanstore/core";
import { parseGroups } from "@spanstore/core/otlp";
import { openSqliteStore } from "@spanstore/sqlite";
import { pino } from "pino";
import { afterEach, describe, expect, it } from "vitest";
import { gatedStore } from "../gated-store.js";
import { errorOf, messageType, type Served, serve, spanId, traceId } from "../harness.js";
import { jaegerSpan, writer } from "../jaeger/jaeger1/spans.js";

const streamWriter = "jaeger.storage.v1.StreamingSpanWriterPlugin";
const requestOf = (n: number) => ({ span: jaegerSpan({ traceId: traceId(n), spanId: spanId(n) }) });
const badRequest = {
  span: { ...jaegerSpan({ traceId: traceId(1), spanId: spanId(1) }), spanId: Buffer.from("abcd", "hex") },
};

describe("writing over jaeger.storage.v1", () => {
  let served: Served | undefined;
  afterEach(async () => {
    await served?.stop();
    served = undefined;
  });
  const servicesOf = async ({ client }: Served) => (await client.unary("GetServices", {})).services;

  describe("WriteSpan", () => {
    it("joins spans that wait for a busy store into few writes, and answers each call when its span is durable", async () => {
      const gated = gatedStore();
      served = await serve({ store: gated.store });
      const { client } = served;
      const first = gated.next();
      let answered = 0;
      const calls = Array.from({ length: 500 }, async (_, i) => {
        await client.unary(`${writer}/WriteSpan`, requestOf(i + 1));
        answered++;
      });
      await first;
      // Every round trip gives the server a turn in which it could answer too early.
      for (let i = 0; i < 50; i++) await client.unary("GetCapabilities", {});
      expect(answered).toBe(0);
      gated.open();
      await Promise.all(calls);
      expect(gated.writes()).toBeLessThan(20);
      expect((await client.unary("FindTraceIDs", { query: { searchDepth: 1000 } })).traceIds).toHaveLength(
        500,
      );
    });

    it("fails the call of a span that can never be stored, and not its neighbours'", async () => {
      const logged: Record<string, unknown>[] = [];
      const logger = pino({ level: "warn" }, { write: (line: string) => logged.push(JSON.parse(line)) });
      served = await serve({ logger, admin: "127.0.0.1:0" });
      const { client, server } = served;
      const calls = Array.from({ length: 20 }, (_, i) =>
        client.unary(`${writer}/WriteSpan`, i === 7 ? badRequest : requestOf(i + 1)),
      );
      const outcomes = await Promise.allSettled(calls);
      expect(outcomes.flatMap(({ status: outcome }, i) => (outcome === "rejected" ? [i] : []))).toEqual([7]);
      const error = await errorOf(calls[7] as Promise<unknown>);
      expect([error.code, error.details]).toEqual([status.INVALID_ARGUMENT, expect.stringContaining("span")]);
      expect(logged).toEqual([
        expect.objectContaining({
          name: "dead-letter",
          reason: expect.any(String),
          bytes: expect.any(Number),
        }),
      ]);
      const metrics = await (await fetch(`http://${server.adminAddress}/metrics`)).text();
      expect(metrics).toContain("spanstore_spans_rejected_total 1\n");
      expect(metrics).toContain("spanstore_spans_written_total 19\n");
      expect(metrics).toContain(
        `grpc_server_handled_total{grpc_service="${writer}",grpc_method="WriteSpan",grpc_code="OK"} 19\n`,
      );
    });

    it("fails the call of a span that only the store rejects, and not its neighbours'", async () => {
      const inner = openMemoryStore();
      served = await serve({
        store: {
          ...inner,
          async write(traces, options) {
            const spans = parseGroups(traces as Uint8Array).map(({ bytes, spans: [start, end] }) =>
              Buffer.from(bytes.subarray(start, end)),
            );
            const bad = spans.filter((span) => span.includes(Buffer.from(spanId(7), "hex")));
            const rejected = bad.map((encoded) => ({ encoded, reason: "a span too large" }));
            return { ...(await inner.write(traces, options)), rejected };
          },
        },
      });
      const { client } = served;
      const calls = Array.from({ length: 20 }, (_, i) =>
        client.unary(`${writer}/WriteSpan`, requestOf(i + 1)),
      );
      const outcomes = await Promise.allSettled(calls);
      expect(outcomes.flatMap(({ status: outcome }, i) => (outcome === "rejected" ? [i + 1] : []))).toEqual([
        7,
      ]);
      const error = await errorOf(calls[6] as Promise<unknown>);
      expect([error.code, error.details]).toEqual([
        status.INVALID_ARGUMENT,
        expect.stringContaining("a span too large"),
      ]);
    });

    it.each<[what: string, request: Buffer]>([
      ["no span", Buffer.alloc(0)],
      ["bytes that are no message", Buffer.from([0x0a, 0x7f, 0x0a])],
      ["a span that is no message", Buffer.from([0x0a, 0x02, 0x0a, 0x7f])],
    ])("refuses %s", async (_what, request) => {
      served = await serve();
      const error = await errorOf(served.client.unary(`${writer}/WriteSpan`, request));
      expect([error.code, error.details]).toEqual([status.INVALID_ARGUMENT, expect.stringMatching(/span/i)]);
    });

    it("fails every call whose span the store could not write, and writes again when it can", async () => {
      const gated = gatedStore();
      served = await serve({ store: gated.store });
      const { client } = served;
      const calls = [1, 2, 3].map((n) => errorOf(client.unary(`${writer}/WriteSpan`, requestOf(n))));
      gated.fail(new SpanStoreError("STORE_UNAVAILABLE", "the disk is full"));
      for (const call of calls) expect((await call).code).toBe(status.UNAVAILABLE);
      await served.stop();

      const again = gatedStore();
      again.open();
      served = await serve({ store: again.store });
      expect(await served.client.unary(`${writer}/WriteSpan`, requestOf(1))).toEqual({});
    });

    it("merges the parts of a span that is there twice, as protobuf does", async () => {
      served = await serve();
      const parts = [
        {
          traceId: Buffer.from(traceId(1), "hex"),
          spanId: Buffer.from(spanId(1), "hex"),
          process: { serviceName: "a" },
        },
        { operationName: "merged" },
      ];
      const request = Buffer.concat(
        parts.map((span) => messageType("jaeger.storage.v1.WriteSpanRequest").serialize({ span })),
      );
      await served.client.unary(`${writer}/WriteSpan`, request);
      const query = { service: "a" };
      expect(await served.client.unary("jaeger.storage.v2.TraceReader/GetOperations", query)).toMatchObject({
        operations: [{ name: "merged" }],
      });
    });
  });

  describe("WriteSpanStream", () => {
    it("acknowledges at the end, when everything is kept", async () => {
      const gated = gatedStore();
      served = await serve({ store: gated.store });
      const { client } = served;
      const begun = gated.next();
      const { call, answer } = client.upload(`${streamWriter}/WriteSpanStream`);
      let answered = false;
      void answer.then(() => {
        answered = true;
      });
      for (let n = 1; n <= 10; n++) call.write(requestOf(n));
      call.end();
      await once(call, "finish");
      await begun;
      for (let i = 0; i < 100; i++) await client.unary("GetCapabilities", {});
      expect(answered).toBe(false);
      gated.open();
      expect(await answer).toEqual({});
      expect((await client.unary("FindTraceIDs", { query: {} })).traceIds).toHaveLength(10);
    });

    it("keeps spans while the stream goes on", async () => {
      const folder = mkdtempSync(join(tmpdir(), "spanstore-v1-"));
      const store = await openSqliteStore({ path: join(folder, "spans.sqlite") });
      served = await serve({ store });
      const { call, answer } = served.client.upload(`${streamWriter}/WriteSpanStream`);
      call.write(requestOf(1));
      const kept = async () =>
        (await served?.client.collect("GetTraces", { query: [{ traceId: Buffer.from(traceId(1), "hex") }] }))
          ?.length;
      await expect.poll(kept).toBe(1);
      call.write(requestOf(2));
      call.end();
      expect(await answer).toEqual({});
      await served.stop();
      served = undefined;
      rmSync(folder, { recursive: true });
    });

    it("lets a client run no further ahead of the store than its bound", async () => {
      const gated = gatedStore();
      served = await serve({ store: gated.store, admin: "127.0.0.1:0" });
      const { client } = served;
      const blob = jaegerSpan({
        traceId: traceId(1),
        spanId: spanId(1),
        tags: { blob: "x".repeat(250_000) },
      });
      const { call, answer } = client.upload(`${streamWriter}/WriteSpanStream`);
      let sent = 0;
      // The callback comes when the message has gone out: HTTP/2's window is the client's brake.
      const total = 200;
      for (let i = 0; i < total; i++) call.write({ span: blob }, () => sent++);
      call.end();
      await expect.poll(() => gated.writes()).toBeGreaterThan(0);
      for (let i = 0; i < 200; i++) await client.unary("GetCapabilities", {});
      expect(sent).toBeLessThan(60);
      gated.open();
      expect(await answer).toEqual({});
      expect(sent).toBe(total);
    });

    it("puts a span that can never be stored into the dead letters and goes on", async () => {
      served = await serve({ admin: "127.0.0.1:0" });
      const { call, answer } = served.client.upload(`${streamWriter}/WriteSpanStream`);
      for (const request of [requestOf(1), badRequest, requestOf(2)]) call.write(request);
      call.end();
      expect(await answer).toEqual({});
      const { traceIds } = await served.client.unary("FindTraceIDs", { query: {} });
      expect(traceIds).toHaveLength(2);
      const metrics = await (await fetch(`http://${served.server.adminAddress}/metrics`)).text();
      expect(metrics).toContain("spanstore_spans_rejected_total 1\n");
    });

    it("fails when the store fails, also for a client that sends nothing more", async () => {
      const gated = gatedStore();
      served = await serve({ store: gated.store });
      const begun = gated.next();
      const { call, answer } = served.client.upload(`${streamWriter}/WriteSpanStream`);
      call.on("error", () => {});
      call.write(requestOf(1));
      await begun;
      gated.fail(new SpanStoreError("STORE_UNAVAILABLE", "the disk is full"));
      const error = await errorOf(answer);
      expect([error.code, error.details]).toEqual([status.UNAVAILABLE, "the disk is full"]);
    });

    it("fails a malformed request", async () => {
      served = await serve();
      const { call, answer } = served.client.upload(`${streamWriter}/WriteSpanStream`);
      call.on("error", () => {});
      call.write(requestOf(1));
      call.write(Buffer.from([0x0a, 0x7f, 0x0a]));
      expect((await errorOf(answer)).code).toBe(status.INVALID_ARGUMENT);
      expect(await servicesOf(served)).toEqual(["cart"]);
    });

    it("ends with the client's cancellation and its deadline, and keeps what had come", async () => {
      const gated = gatedStore();
      served = await serve({ store: gated.store, admin: "127.0.0.1:0" });
      const { client, server } = served;
      const begun = gated.next();
      const cancelled = client.upload(`${streamWriter}/WriteSpanStream`);
      cancelled.call.on("error", () => {});
      cancelled.call.write(requestOf(1));
      await begun;
      cancelled.call.cancel();
      expect((await errorOf(cancelled.answer)).code).toBe(status.CANCELLED);
      const late = client.upload(`${streamWriter}/WriteSpanStream`, { deadline: Date.now() + 100 });
      late.call.on("error", () => {});
      late.call.write(requestOf(2));
      expect((await errorOf(late.answer)).code).toBe(status.DEADLINE_EXCEEDED);
      gated.open();
      await expect.poll(() => servicesOf(served as Served)).toEqual(["cart"]);
      const handled = /grpc_method="WriteSpanStream",grpc_code="CANCELLED"\} 1/;
      await expect
        .poll(async () => (await fetch(`http://${server.adminAddress}/metrics`)).text())
        .toMatch(handled);
    });

    it("ends when the server goes down, with what it has read kept", async () => {
      served = await serve({ shutdownGraceMs: 600_000 });
      const { client, server, store } = served;
      const { call, answer } = client.upload(`${streamWriter}/WriteSpanStream`);
      call.on("error", () => {});
      call.write(requestOf(1));
      await expect.poll(() => store.getServices()).toEqual(["cart"]);
      await server.close();
      expect((await errorOf(answer)).code).toBe(status.UNAVAILABLE);
    });
  });
});
