import { once } from "node:events";
import { connect as connectHttp2, constants } from "node:http2";
import { status } from "@grpc/grpc-js";
import fc from "fast-check";
import { pino } from "pino";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { connect, errorOf, exportRequest, methods, type Served, serve, spanId, traceId } from "../harness.js";

const logged: Record<string, unknown>[] = [];
const logger = pino({ level: "debug" }, { write: (line: string) => logged.push(JSON.parse(line)) });

const varint: fc.Arbitrary<Buffer> = fc
  .array(fc.integer({ min: 0, max: 127 }), { minLength: 1, maxLength: 11 })
  .map((parts) => Buffer.from(parts.map((part, i) => (i < parts.length - 1 ? part | 128 : part))));

/** Bytes that look like protobuf: fields with plausible numbers, nested, sometimes cut or disturbed. */
const almostMessage: fc.Arbitrary<Buffer> = fc.oneof(
  fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
  fc.letrec<{ message: Buffer; field: Buffer }>((tie) => ({
    message: fc
      .array(tie("field"), { maxLength: 4, depthIdentifier: "message" })
      .map((parts) => Buffer.concat(parts)),
    field: fc
      .record({
        number: fc.integer({ min: 1, max: 16 }),
        value: fc.oneof(
          { depthIdentifier: "message" },
          fc.record({ wireType: fc.constant(0), bytes: varint }),
          fc.record({
            wireType: fc.constantFrom(1, 5, 3, 7),
            bytes: fc.constantFrom(Buffer.alloc(4), Buffer.alloc(8, 255)),
          }),
          fc.record({
            wireType: fc.constant(2),
            bytes: fc
              .oneof(
                { depthIdentifier: "message" },
                tie("message"),
                fc.uint8Array({ maxLength: 20 }).map(Buffer.from),
              )
              .map((inner) => Buffer.concat([Buffer.from([inner.length & 127]), inner.subarray(0, 127)])),
          }),
        ),
      })
      .map(({ number, value }) =>
        Buffer.concat([Buffer.from([((number << 3) | value.wireType) & 127]), value.bytes]),
      ),
  })).message,
);

describe("bad requests", () => {
  let served: Served;
  beforeAll(async () => {
    served = await serve({ maxReceiveMessageBytes: 1024 * 1024, admin: "127.0.0.1:0", logger });
  });
  afterAll(() => served.stop());

  const stillServes = async () =>
    expect(await served.client.unary("GetCapabilities", {})).toMatchObject({
      search: { withoutServiceName: true },
    });

  const bad: [what: string, method: string, request: object, field: string][] = [
    ["a trace id of 3 bytes", "GetTraces", { query: [{ traceId: Buffer.alloc(3) }] }, "query[0].trace_id"],
    [
      "no trace id",
      "GetTraces",
      { query: [{ traceId: Buffer.alloc(16, 1) }, { traceId: Buffer.alloc(0) }] },
      "query[1].trace_id",
    ],
    [
      "a range turned round",
      "FindTraces",
      { query: { startTimeMin: { seconds: "2" }, startTimeMax: { seconds: "1" } } },
      "query.start_time_min",
    ],
    [
      "nanos beyond a second",
      "FindTraceIDs",
      { query: { startTimeMin: { seconds: "1", nanos: 1_000_000_000 } } },
      "query.start_time_min",
    ],
    ["negative nanos", "FindTraces", { query: { startTimeMax: { nanos: -1 } } }, "query.start_time_max"],
    [
      "the year 10000",
      "FindTraces",
      { query: { startTimeMax: { seconds: "253402300800" } } },
      "query.start_time_max",
    ],
    [
      "a time before year 1",
      "FindTraces",
      { query: { startTimeMin: { seconds: "-9223372036854775808" } } },
      "query.start_time_min",
    ],
    [
      "a negative duration",
      "FindTraces",
      { query: { durationMin: { seconds: "-1" } } },
      "query.duration_min",
    ],
    [
      "negative nanos in a duration",
      "FindTraces",
      { query: { durationMax: { nanos: -1 } } },
      "query.duration_max",
    ],
    [
      "too many nanos in a duration",
      "FindTraceSummaries",
      { query: { durationMax: { nanos: 1_000_000_000 } } },
      "query.duration_max",
    ],
    [
      "a duration beyond protobuf's",
      "FindTraces",
      { query: { durationMax: { seconds: "9223372036854775807" } } },
      "query.duration_max",
    ],
    [
      "durations turned round",
      "FindTraces",
      { query: { durationMin: { seconds: "2" }, durationMax: { seconds: "1" } } },
      "query.duration_min",
    ],
    ["a page of nothing", "FindTraceIDs", { query: { pagination: {} } }, "query.pagination.page_size"],
    ["pages of whole traces", "FindTraces", { query: { pagination: { pageSize: 1 } } }, "query.pagination"],
    [
      "pages beside search_depth",
      "FindTraceSummaries",
      { query: { pagination: { pageSize: 1 }, searchDepth: 1 } },
      "query.pagination",
    ],
    ["a made-up token", "FindSpans", { query: { pagination: { pageSize: 1, pageToken: "x" } } }, "token"],
    ["an order by no field", "FindSpans", { query: { orderBy: [{}] } }, "query.order_by[0]"],
    ["a malformed filter", "FindTraces", { query: { filter: { op: "exists" } } }, "filter"],
    [
      "a filter beside other parts",
      "FindTraces",
      { query: { serviceName: "cart", filter: { op: "exists", args: [{ attr: { key: "a" } }] } } },
      "filter",
    ],
    ["operations without a service", "GetOperations", {}, "service"],
    [
      "a window turned round",
      "GetDependencies",
      { startTime: { seconds: "2" }, endTime: { seconds: "1" } },
      "start_time",
    ],
  ];
  it.each(bad)("refuses %s and names it", async (_what, method, request, field) => {
    const error = await errorOf(
      method.startsWith("FindTraceIDs") || method.startsWith("GetOp") || method.startsWith("GetDep")
        ? served.client.unary(method, request)
        : served.client.collect(method, request),
    );
    expect([error.code, error.details]).toEqual([status.INVALID_ARGUMENT, expect.stringContaining(field)]);
  });

  it.each(["FindTraces", "GetTraces", "FindTraceIDs", "GetOperations", "GetDependencies", "Export"])(
    "refuses bytes that are no message in %s",
    async (method) => {
      // Field 1, a message of 127 bytes, of which one is there.
      const truncated = Buffer.from([0x0a, 0x7f, 0x0a]);
      const error = await errorOf(served.client.unary(method, truncated));
      expect(error.code).toBe(status.INVALID_ARGUMENT);
    },
  );

  it("refuses a request that is too large, counts it, and serves on", async () => {
    const error = await errorOf(served.client.unary("Export", Buffer.alloc(100 * 1024 * 1024)));
    expect(error.code).toBe(status.RESOURCE_EXHAUSTED);
    await stillServes();
    const metrics = await (await fetch(`http://${served.server.adminAddress}/metrics`)).text();
    expect(metrics).toMatch(/grpc_method="Export",grpc_code="RESOURCE_EXHAUSTED"\} 1/);
  });

  it("keeps the neighbours of a span that cannot be stored, and puts that span into the dead-letter log", async () => {
    const whole = exportRequest(
      { traceId: traceId(77), spanId: spanId(1), service: "kept" },
      { traceId: "abcd", spanId: spanId(2), service: "rejected" },
    );
    logged.length = 0;
    expect(await served.client.unary("Export", whole)).toEqual({
      partialSuccess: { rejectedSpans: "1", errorMessage: "a trace id of 2 bytes instead of 16" },
    });
    expect(await served.client.unary("GetServices", {})).toMatchObject({ services: ["kept"] });
    expect(logged).toEqual([
      expect.objectContaining({
        name: "dead-letter",
        reason: expect.stringContaining("trace"),
        begin: expect.any(String),
        bytes: expect.any(Number),
        msg: expect.stringContaining("--dead-letters.file"),
      }),
    ]);
    // The trace id of two bytes stands first in the span's own encoding.
    expect(Buffer.from(String(logged[0]?.begin), "base64").subarray(0, 4).toString("hex")).toBe("0a02abcd");
    const metrics = await (await fetch(`http://${served.server.adminAddress}/metrics`)).text();
    expect(metrics).toContain("spanstore_spans_rejected_total 1\n");
    expect(metrics).toContain("spanstore_spans_written_total 1\n");
  });

  it("bounds what one request puts into the dead-letter log", async () => {
    const large = { attributes: { blob: "x".repeat(30_000) }, spanId: spanId(1), traceId: "ab" };
    logged.length = 0;
    await served.client.unary("Export", exportRequest(large, ...Array(29).fill(large)));
    expect(logged).toHaveLength(11);
    expect(logged[0]?.bytes).toBeGreaterThan(30_000);
    expect(logged.at(-1)).toMatchObject({ omitted: 20 });
    expect(JSON.stringify(logged).length).toBeLessThan(10_000);
  });

  it("answers a client that ends its side without a message", async () => {
    const session = connectHttp2(`http://${served.server.address}`);
    try {
      const stream = session.request({
        ":method": "POST",
        ":path": "/jaeger.storage.v2.TraceReader/FindTraces",
        "content-type": "application/grpc",
        te: "trailers",
      });
      stream.end();
      stream.resume();
      const [headers] = await once(stream, "response");
      expect(headers["grpc-status"]).toBe(String(status.UNIMPLEMENTED));
    } finally {
      session.destroy();
    }
  });

  it("survives a client that resets its stream in the middle of a message", async () => {
    const session = connectHttp2(`http://${served.server.address}`);
    const stream = session.request({
      ":method": "POST",
      ":path": "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
      "content-type": "application/grpc",
      te: "trailers",
    });
    stream.write(Buffer.from([0, 0, 0, 1, 0, 1, 2, 3]));
    stream.close(constants.NGHTTP2_CANCEL);
    await once(stream, "close");
    session.destroy();
    await stillServes();
  });

  it("gives every method's every input a status", async () => {
    const known = new Set(Object.values(status));
    const client = connect(served.server.address);
    try {
      await fc.assert(
        fc.asyncProperty(fc.constantFrom(...methods), almostMessage, async (method, bytes) => {
          const name = method.path.slice(1);
          const call = method.responseStream ? client.collect(name, bytes) : client.unary(name, bytes);
          const code = await call.then(
            () => status.OK,
            (error: { code: number }) => error.code,
          );
          expect(known).toContain(code);
          expect([status.INTERNAL, status.UNKNOWN]).not.toContain(code);
        }),
        { numRuns: 500 },
      );
      await stillServes();
    } finally {
      client.close();
    }
  });
});
