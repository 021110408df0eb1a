import { status } from "@grpc/grpc-js";
import { openMemoryStore, SpanKind } from "@spanstore/core";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { jaegerSpan as anySpan } from "../../../jaeger/test/jaeger-model-arbitrary.js";
import { encodeSpan, meaningOf } from "../../../jaeger/test/jaeger-model-codec.js";
import {
  type Answer,
  connect,
  errorOf,
  exportRequest,
  messageType,
  type Served,
  serve,
  spanId,
  traceId,
} from "../harness.js";
import { connectRaw } from "../jaeger/jaeger1/raw-spans.js";
import { jaegerSpan, reader, type V1Span, writer } from "../jaeger/jaeger1/spans.js";

const second = 1_000_000_000n;
const epoch = 1_700_000_000n * second;

describe("jaeger.storage.v1", () => {
  let served: Served;
  const write = (span: V1Span) => served.client.unary(`${writer}/WriteSpan`, { span: jaegerSpan(span) });
  const trace = async (id: string): Promise<Answer[]> => {
    const chunks = await served.client.collect(`${reader}/GetTrace`, { traceId: Buffer.from(id, "hex") });
    return chunks.flatMap(({ spans }) => spans);
  };
  const found = async (query: object): Promise<string[]> => {
    const { traceIds } = await served.client.unary(`${reader}/FindTraceIDs`, { query });
    const ids = traceIds.map((id: Buffer) => id.toString("hex"));
    const chunks = await served.client.collect(`${reader}/FindTraces`, { query });
    const spans: { traceId: Buffer }[] = chunks.flatMap((chunk) => chunk.spans);
    // The same traces in the same order, the spans of each together.
    const runs = spans.map((span) => span.traceId.toString("hex")).filter((id, i, all) => id !== all[i - 1]);
    expect(runs).toEqual(ids);
    return ids;
  };

  beforeEach(async () => {
    served = await serve();
  });
  afterEach(() => served.stop());

  it("finds over storage.v2 what was written over v1", async () => {
    await write({
      traceId: traceId(1),
      spanId: spanId(1),
      service: "cart",
      name: "load",
      start: epoch + 5n,
      tags: { "span.kind": "server", user: "u1" },
    });
    expect(await served.client.unary("GetServices", {})).toEqual({ services: ["cart"] });
    const query = { attributes: [{ key: "user", value: { stringValue: "u1" } }] };
    const [chunk] = await served.client.collect("FindTraces", { query });
    expect(chunk.resourceSpans[0].scopeSpans[0].spans[0]).toMatchObject({
      name: "load",
      kind: SpanKind.server,
      startTimeUnixNano: String(epoch + 5n),
    });
  });

  it("finds over v1 what was written over OTLP", async () => {
    await served.client.unary(
      "Export",
      exportRequest({
        traceId: traceId(1),
        spanId: spanId(2),
        parentSpanId: spanId(1),
        service: "cart",
        name: "load",
        kind: SpanKind.client,
        start: epoch + 5n,
        end: epoch + 2n * second + 6n,
        attributes: { retries: 3n },
      }),
    );
    expect(await found({ serviceName: "cart", tags: { retries: "3" } })).toEqual([traceId(1)]);
    const [span] = await trace(traceId(1));
    expect(span).toMatchObject({
      spanId: Buffer.from(spanId(2), "hex"),
      operationName: "load",
      references: [{ spanId: Buffer.from(spanId(1), "hex"), refType: 0 }],
      startTime: { seconds: String(epoch / second), nanos: 5 },
      duration: { seconds: "2", nanos: 1 },
      process: { serviceName: "cart" },
    });
    expect(span.tags).toContainEqual(expect.objectContaining({ key: "retries", vInt64: "3" }));
  });

  it("treats a 64-bit id as the same with leading zeros", async () => {
    await write({ traceId: traceId(7), spanId: spanId(1) });
    const chunks = await served.client.collect(`${reader}/GetTrace`, {
      traceId: Buffer.from(spanId(7), "hex"),
    });
    expect(chunks[0].spans).toHaveLength(1);
  });

  it("answers an unknown trace with the text that Jaeger's client recognizes", async () => {
    const error = await errorOf(trace(traceId(404)));
    expect([error.code, error.details]).toEqual([status.NOT_FOUND, "trace not found"]);
  });

  describe("searches", () => {
    beforeEach(async () => {
      // Trace n starts n seconds after the epoch and takes n milliseconds.
      for (let n = 1; n <= 5; n++) {
        const start = epoch + BigInt(n) * second;
        const tags = { n: String(n), even: n % 2 === 0 };
        const duration = BigInt(n) * 1_000_000n;
        await write({ traceId: traceId(n), spanId: spanId(n), name: `op-${n}`, start, duration, tags });
        await write({ traceId: traceId(n), spanId: spanId(n + 100), service: "other", name: "inner", start });
      }
    });
    const at = (n: number) => ({ seconds: String(epoch / second + BigInt(n)) });
    const ids = (...numbers: number[]) => numbers.map(traceId);

    it.each<[what: string, query: object, expected: string[]]>([
      ["everything, newest first", {}, ids(5, 4, 3, 2, 1)],
      ["exactly so many", { numTraces: 2 }, ids(5, 4)],
      ["one", { numTraces: 1, startTimeMax: at(3) }, ids(3)],
      ["a service", { serviceName: "other", numTraces: 3 }, ids(5, 4, 3)],
      ["an operation", { serviceName: "cart", operationName: "op-2" }, ids(2)],
      ["a tag", { tags: { even: "true" } }, ids(4, 2)],
      ["two tags of one span", { tags: { even: "true", n: "2" } }, ids(2)],
      ["tags of different spans", { serviceName: "other", tags: { n: "2" } }, []],
      ["a tag by a key that objects have", { tags: { constructor: "x" } }, []],
      ["a time range, both ends included", { startTimeMin: at(2), startTimeMax: at(4) }, ids(4, 3, 2)],
      [
        "durations, both ends included",
        { durationMin: { nanos: 2_000_000 }, durationMax: { nanos: 3_000_000 } },
        ids(3, 2),
      ],
      // As Go writes a time that is not set.
      ["unset times", { startTimeMin: { seconds: "-62135596800" }, durationMax: {} }, ids(5, 4, 3, 2, 1)],
    ])("by %s", async (_what, query, expected) => {
      expect(await found(query)).toEqual(expected);
    });

    it("matches every tag, whatever its name", async () => {
      // A map<string, string> entry whose key is __proto__, which is no ordinary key to JavaScript.
      const entry = Buffer.concat([
        Buffer.from([0x0a, 9]),
        Buffer.from("__proto__"),
        Buffer.from([0x12, 1, 0x78]),
      ]);
      const parameters = Buffer.concat([Buffer.from([0x1a, entry.length]), entry]);
      const request = Buffer.concat([Buffer.from([0x0a, parameters.length]), parameters]);
      const { traceIds } = await served.client.unary(`${reader}/FindTraceIDs`, request);
      expect(traceIds).toEqual([]);
    });

    it("returns 100 traces by default", async () => {
      for (let n = 6; n <= 120; n++) {
        await write({ traceId: traceId(n), spanId: spanId(n), start: epoch + BigInt(n) * second });
      }
      expect(await found({})).toEqual(Array.from({ length: 100 }, (_, i) => traceId(120 - i)));
      expect(await found({ numTraces: 110 })).toHaveLength(110);
    });
  });

  it.each([
    // OTLP has a resource once for all its spans, Jaeger's model with each of them.
    ["of a large process", 6000],
    ["of small spans", 1],
  ])("sends traces %s in messages that every client takes", async (_what, processBytes) => {
    const perTrace = 2500;
    const spans = [1, 2].flatMap((n) =>
      Array.from({ length: perTrace }, (_, i) => ({
        traceId: Buffer.from(traceId(n), "hex"),
        spanId: Buffer.from(spanId(i + 1), "hex"),
        startTimeUnixNano: String(epoch),
        endTimeUnixNano: String(epoch),
      })),
    );
    const value = { stringValue: "x".repeat(processBytes) };
    const resource = { attributes: [{ key: "k", value }] };
    await served.client.unary(
      "Export",
      messageType("opentelemetry.proto.trace.v1.TracesData").serialize({
        resourceSpans: [{ resource, scopeSpans: [{ spans }] }],
      }),
    );
    const other = connect(served.server.address, { "grpc.max_receive_message_length": 4 * 1024 * 1024 });
    const chunks = await other.collect(`${reader}/FindTraces`, { query: {} });
    other.close();
    const sizes = chunks.map((chunk) => chunk.spans.length);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(1000);
    const ids: string[] = chunks.flatMap((chunk) =>
      chunk.spans.map((span: { traceId: Buffer }) => span.traceId.toString("hex")),
    );
    expect(ids).toHaveLength(2 * perTrace);
    expect(ids.filter((id, i) => id !== ids[i - 1])).toEqual([traceId(1), traceId(2)]);
  });

  it("answers operations in the old way and in the new", async () => {
    const kinds = ["server", "client", undefined];
    for (const [i, kind] of kinds.entries()) {
      const tags: V1Span["tags"] = kind === undefined ? {} : { "span.kind": kind };
      await write({ traceId: traceId(i + 1), spanId: spanId(i + 1), name: "load", tags });
    }
    expect(await served.client.unary(`${reader}/GetOperations`, { service: "cart" })).toEqual({
      operationNames: ["load"],
      operations: [
        { name: "load", spanKind: "" },
        { name: "load", spanKind: "client" },
        { name: "load", spanKind: "server" },
      ],
    });
    expect(
      await served.client.unary(`${reader}/GetOperations`, { service: "cart", spanKind: "client" }),
    ).toEqual({
      operationNames: ["load"],
      operations: [{ name: "load", spanKind: "client" }],
    });
    expect(await served.client.unary(`${reader}/GetServices`, {})).toEqual({ services: ["cart"] });
  });

  it("counts the calls between services in a window", async () => {
    await write({ traceId: traceId(1), spanId: spanId(1), service: "frontend", start: epoch });
    await write({ traceId: traceId(1), spanId: spanId(2), parent: spanId(1), service: "cart", start: epoch });
    const dependencies = async (window: object) => {
      const method = "jaeger.storage.v1.DependenciesReaderPlugin/GetDependencies";
      return (await served.client.unary(method, window)).dependencies;
    };
    const call = { parent: "frontend", child: "cart", callCount: "1", source: "" };
    const seconds = String(epoch / second);
    expect(await dependencies({ startTime: { seconds }, endTime: { seconds } })).toEqual([call]);
    expect(await dependencies({})).toEqual([call]);
    expect(await dependencies({ endTime: { seconds: String(epoch / second - 1n) } })).toEqual([]);
  });

  it("gives every span back as it was written", async () => {
    const raw = connectRaw(served.server.address);
    let n = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(anySpan, { minLength: 1, maxLength: 4 }), async (spans) => {
        const id = Buffer.from(traceId(++n), "hex");
        const written = spans.map((span, i) =>
          encodeSpan({ ...span, traceId: id, spanId: Buffer.from(spanId(i + 1), "hex") }),
        );
        await Promise.all(written.map((span) => raw.write(span)));
        const read = (await raw.read(id)).map(meaningOf);
        read.sort((a, b) => String(a.spanId).localeCompare(String(b.spanId)));
        expect(read).toEqual(written.map(meaningOf));
      }),
      { numRuns: 150 },
    );
    raw.close();
  });

  it("does not close the store at Close", async () => {
    expect(await served.client.unary(`${writer}/Close`, {})).toEqual({});
    await write({ traceId: traceId(1), spanId: spanId(1) });
    expect(await trace(traceId(1))).toHaveLength(1);
  });

  it.each<[what: string, method: string, request: object, field: string]>([
    ["a trace id of 3 bytes", "GetTrace", { traceId: Buffer.alloc(3) }, "trace_id"],
    ["no trace id", "GetTrace", {}, "trace_id"],
    [
      "a range turned round",
      "FindTraces",
      { query: { startTimeMin: { seconds: "2" }, startTimeMax: { seconds: "1" } } },
      "query.start_time_min",
    ],
    [
      "a negative duration",
      "FindTraces",
      { query: { durationMin: { seconds: "-1" } } },
      "query.duration_min",
    ],
    ["operations without a service", "GetOperations", {}, "service"],
    ["bytes that are no message", "FindTraceIDs", Buffer.from([0x0a, 0x7f, 0x0a]), "FindTraceIDsRequest"],
  ])("refuses %s and names it", async (_what, method, request, field) => {
    const error = await errorOf(
      method.startsWith("GetO") || method.endsWith("IDs")
        ? served.client.unary(`${reader}/${method}`, request)
        : served.client.collect(`${reader}/${method}`, request),
    );
    expect([error.code, error.details]).toEqual([status.INVALID_ARGUMENT, expect.stringContaining(field)]);
  });

  it("has no archive where there is none", async () => {
    expect(await served.client.unary("jaeger.storage.v1.PluginCapabilities/Capabilities", {})).toMatchObject({
      archiveSpanReader: false,
      archiveSpanWriter: false,
    });
    const span = jaegerSpan({ traceId: traceId(1), spanId: spanId(1) });
    expect((await errorOf(served.client.unary("WriteArchiveSpan", { span }))).code).toBe(
      status.UNIMPLEMENTED,
    );
    const client = connect(served.server.address, {}, { "spanstore-store": "archive" });
    const error = await errorOf(client.unary("GetServices", {}));
    expect([error.code, error.details]).toEqual([
      status.INVALID_ARGUMENT,
      expect.stringContaining("spanstore-store"),
    ]);
    client.close();
  });
});

describe("the archive", () => {
  it("is a store beside the store, opened when it is used, and reached in three ways", async () => {
    let opened = 0;
    const served = await serve({
      openArchive: async () => {
        opened++;
        return openMemoryStore();
      },
      archiveListen: "127.0.0.1:0",
    });
    const byListener = connect(served.server.archiveAddress ?? "");
    const byHeader = connect(served.server.address, {}, { "spanstore-store": "archive" });
    try {
      const capabilities = "jaeger.storage.v1.PluginCapabilities/Capabilities";
      expect(await served.client.unary(capabilities, {})).toMatchObject({
        archiveSpanReader: true,
        archiveSpanWriter: true,
      });
      await served.client.unary(`${writer}/WriteSpan`, {
        span: jaegerSpan({ traceId: traceId(1), spanId: spanId(1), service: "kept" }),
      });
      expect(opened).toBe(0);

      const get = { traceId: Buffer.from(traceId(2), "hex") };
      const error = await errorOf(served.client.collect("GetArchiveTrace", get));
      expect([error.code, error.details]).toEqual([status.NOT_FOUND, "trace not found"]);
      const span = jaegerSpan({ traceId: traceId(2), spanId: spanId(2), service: "archived" });
      await served.client.unary("WriteArchiveSpan", { span });
      await byHeader.unary(
        "Export",
        exportRequest({ traceId: traceId(3), spanId: spanId(3), service: "by-header" }),
      );
      await byListener.unary(`${writer}/WriteSpan`, {
        span: jaegerSpan({ traceId: traceId(4), spanId: spanId(4), service: "by-listener" }),
      });

      const archived = { services: ["archived", "by-header", "by-listener"] };
      for (const client of [byHeader, byListener]) {
        expect(await client.unary("GetServices", {})).toEqual(archived);
        expect(await client.unary(`${reader}/GetServices`, {})).toEqual(archived);
      }
      const [chunk] = await served.client.collect("GetArchiveTrace", get);
      expect(chunk.spans[0].process.serviceName).toBe("archived");
      expect(await served.client.unary("GetServices", {})).toEqual({ services: ["kept"] });
      expect((await errorOf(served.client.collect(`${reader}/GetTrace`, get))).code).toBe(status.NOT_FOUND);
      expect(opened).toBe(1);
    } finally {
      byListener.close();
      byHeader.close();
      await served.stop();
    }
  });

  it("is tried again when it could not be opened", async () => {
    let broken = true;
    const served = await serve({
      openArchive: async () => {
        if (broken) throw new Error("the disk is away");
        return openMemoryStore();
      },
    });
    const span = jaegerSpan({ traceId: traceId(1), spanId: spanId(1) });
    expect((await errorOf(served.client.unary("WriteArchiveSpan", { span }))).code).toBe(status.INTERNAL);
    broken = false;
    expect(await served.client.unary("WriteArchiveSpan", { span })).toEqual({});
    await served.stop();
  });

  it("is emptied with the store, and not deleted by age", async () => {
    const served = await serve({
      openArchive: async () => openMemoryStore(),
      admin: "127.0.0.1:0",
      allowPurge: true,
    });
    const post = (path: string) => fetch(`http://${served.server.adminAddress}${path}`, { method: "POST" });
    const get = { traceId: Buffer.from(traceId(1), "hex") };
    const span = jaegerSpan({ traceId: traceId(1), spanId: spanId(1) });
    await served.client.unary(`${writer}/WriteSpan`, { span });
    await served.client.unary("WriteArchiveSpan", { span });
    expect((await post(`/delete-before?time=${2n ** 64n}`)).status).toBe(200);
    expect((await errorOf(served.client.collect(`${reader}/GetTrace`, get))).code).toBe(status.NOT_FOUND);
    expect(await served.client.collect("GetArchiveTrace", get)).toHaveLength(1);
    const metrics = await (await fetch(`http://${served.server.adminAddress}/metrics`)).text();
    expect(metrics).toMatch(/spanstore_store_bytes\{engine="memory",store="archive"\} [1-9]/);
    expect((await post("/purge")).status).toBe(200);
    expect((await errorOf(served.client.collect("GetArchiveTrace", get))).code).toBe(status.NOT_FOUND);
    await served.stop();
  });
});
