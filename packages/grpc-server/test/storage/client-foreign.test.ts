import {
  Metadata,
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type ServerWritableStream,
  status,
} from "@grpc/grpc-js";
import { type ConnectOptions, connectSpanStore } from "@spanstore/client";
import { isSpanStoreError, type SpanStore, type SpanStoreError } from "@spanstore/core";
import { allCapabilities } from "@spanstore/core/engine";
import { spansOf } from "@spanstore/core/otlp";
import { afterEach, describe, expect, it } from "vitest";
import { coreField } from "../../../client/src/connection/core-field.js";
import { exportRequest, messageType, methods, spanId, traceId } from "../harness.js";

const close: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const each of close.splice(0)) await each();
});

type Answer = Buffer[] | { readonly code: status; readonly details?: string };

/** What a server that is none of ours was asked last. */
interface Asked {
  request: Buffer;
  metadata: Metadata;
}

/** A client of a server whose methods give these answers; what has no answer is UNIMPLEMENTED. */
async function connected(
  answers: Readonly<Record<string, Answer>>,
  options: ConnectOptions = {},
): Promise<{ client: SpanStore; asked: Asked }> {
  const server = new Server();
  const asked: Asked = { request: Buffer.alloc(0), metadata: new Metadata() };
  for (const method of methods) {
    const answer = answers[method.path.split("/").pop() as string];
    if (answer === undefined) continue;
    const same = (bytes: Buffer) => bytes;
    const raw = {
      requestSerialize: same,
      requestDeserialize: same,
      responseSerialize: same,
      responseDeserialize: same,
    };
    const note = ({ request, metadata }: Asked) => Object.assign(asked, { request, metadata });
    const stream = (call: ServerWritableStream<Buffer, Buffer>) => {
      note(call);
      if (!Array.isArray(answer)) return call.emit("error", answer);
      for (const message of answer) call.write(message);
      call.end();
    };
    const unary = (
      call: ServerUnaryCall<Buffer, Buffer>,
      respond: (error: object | null, message?: Buffer) => void,
    ) => {
      note(call);
      if (Array.isArray(answer)) respond(null, answer[0]);
      else respond(answer);
    };
    server.addService(
      { [method.path]: { ...method, ...raw } },
      { [method.path]: method.responseStream ? stream : unary },
    );
  }
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  const client = connectSpanStore(`127.0.0.1:${port}`, options);
  close.push(client.close, async () => server.forceShutdown());
  return { client, asked };
}

async function failureOf(call: Promise<unknown>): Promise<SpanStoreError> {
  const error = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!isSpanStoreError(error)) throw error ?? new Error("the call succeeded");
  return error;
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

const capable = {
  GetCapabilities: [
    messageType("jaeger.storage.v2.GetCapabilitiesResponse").serialize({ search: allCapabilities }),
  ],
};

describe("a client of another server", () => {
  it.each([
    ["INVALID_QUERY", { code: status.INVALID_ARGUMENT }],
    ["NOT_FOUND", { code: status.NOT_FOUND }],
    ["STORE_UNAVAILABLE", { code: status.UNAVAILABLE }],
    ["STORE_UNAVAILABLE", { code: status.DEADLINE_EXCEEDED }],
    ["STORE_UNAVAILABLE", { code: status.CANCELLED }],
    ["OVERLOADED", { code: status.RESOURCE_EXHAUSTED }],
    [
      "TOO_LARGE",
      { code: status.RESOURCE_EXHAUSTED, details: "grpc: received message larger than max (9 vs. 4)" },
    ],
    ["CORRUPT", { code: status.DATA_LOSS }],
    ["UNSUPPORTED", { code: status.UNIMPLEMENTED }],
    ["UNAUTHENTICATED", { code: status.UNAUTHENTICATED }],
    ["PERMISSION_DENIED", { code: status.PERMISSION_DENIED }],
    ["INTERNAL", { code: status.UNKNOWN }],
    ["INTERNAL", { code: status.INTERNAL }],
  ])("fails with %s for the status %j", async (code, answer) => {
    const { client } = await connected({ GetServices: answer, FindTraces: answer });
    for (const call of [() => client.getServices(), () => all(client.findTraces({}))]) {
      const error = await failureOf(call());
      expect(error.code).toBe(code);
      expect(error.message).toContain(status[answer.code]);
    }
  });

  it("takes one that says nothing of its capabilities for the least capable", async () => {
    const least = {
      withoutServiceName: false,
      sameSpanConjunction: false,
      filter: { levels: [], operators: [] },
      paginated: false,
      spanSearch: false,
      spanSorting: false,
    };
    const silent = await connected({});
    expect(await silent.client.capabilities()).toEqual(least);
    const empty = await connected({ GetCapabilities: [Buffer.alloc(0)] });
    expect(await empty.client.capabilities()).toEqual(least);
    const full = await connected(capable);
    expect(await full.client.capabilities()).toEqual(allCapabilities);
    const broken = await connected({ GetCapabilities: { code: status.UNAVAILABLE } });
    expect((await failureOf(broken.client.capabilities())).code).toBe("STORE_UNAVAILABLE");
  });

  it("sends no field that the server would ignore", async () => {
    const { client } = await connected({ FindTraces: [], FindTraceIDs: [Buffer.alloc(0)], FindSpans: [] });
    const filter = { op: "exists", args: [{ attr: { key: "k" } }] };
    const refused: [() => Promise<unknown>, object][] = [
      [() => all(client.findTraces({ filter })), { code: "UNSUPPORTED_FILTER", field: "filter" }],
      [() => all(client.findSpans({ filter })), { code: "UNSUPPORTED_FILTER", field: "filter" }],
      [() => client.findTraceIds({ page: { size: 1 } }), { code: "UNSUPPORTED", field: "page" }],
      [() => all(client.findTraces({ page: { size: 1 } })), { code: "UNSUPPORTED", field: "page" }],
      [() => all(client.findTraceSummaries({ page: { size: 1 } })), { code: "UNSUPPORTED", field: "page" }],
      [() => all(client.findSpans({ page: { size: 1 } })), { code: "UNSUPPORTED", field: "page" }],
      [
        () => all(client.findSpans({ orderBy: [{ field: "duration" }] })),
        { code: "UNSUPPORTED", field: "orderBy" },
      ],
    ];
    for (const [call, error] of refused) expect(await failureOf(call())).toMatchObject(error);
    expect(await all(client.findTraces({}))).toEqual([]);
  });

  it("computes summaries itself for a server without them", async () => {
    const trace = (id: number, ...services: string[]) =>
      exportRequest(
        ...services.map((service, i) => ({ traceId: traceId(id), spanId: spanId(i + 1), service })),
      );
    const traces = [trace(1, "cart", "shop"), trace(1, "cart"), trace(2, "shop")];
    const { client } = await connected({ FindTraces: traces });
    const chunks = await all(client.findTraceSummaries({}));
    const summaries = chunks.flatMap((chunk) => chunk.summaries);
    expect(summaries.map((summary) => [summary.traceId, summary.spanCount, summary.services])).toEqual([
      [
        traceId(1),
        3,
        [
          { name: "cart", spanCount: 2, errorSpanCount: 0 },
          { name: "shop", spanCount: 1, errorSpanCount: 0 },
        ],
      ],
      [traceId(2), 1, [{ name: "shop", spanCount: 1, errorSpanCount: 0 }]],
    ]);
  });

  it("says what answers cannot be read", async () => {
    const garbage = [Buffer.from([0x0a, 0x7f, 0x0a])];
    const { client } = await connected(
      Object.fromEntries(methods.map(({ path }) => [path.split("/").pop() as string, garbage])),
    );
    const window = { startTimeUnixNano: 0n, endTimeUnixNano: 1n };
    const calls: readonly (() => Promise<unknown>)[] = [
      () => client.getServices(),
      () => client.getOperations({ service: "a" }),
      () => client.getDependencies(window),
      () => client.capabilities(),
      () => client.findTraceIds({}),
      () => all(client.findTraces({})),
      () => all(client.getTraces([traceId(1)])),
      () => all(client.findTraceSummaries({})),
      () => all(client.findSpans({})),
    ];
    for (const call of calls) expect((await failureOf(call())).code).toBe("INTERNAL");
  });

  it("leaves out messages without spans, and takes large ones apart", async () => {
    const large = exportRequest(
      ...Array.from({ length: 50 }, (_, i) => ({
        traceId: traceId(1),
        spanId: spanId(i + 1),
        attributes: { blob: String(i).repeat(50_000) },
      })),
    );
    expect(large.length).toBeGreaterThan(4 * 1024 * 1024);
    const small = exportRequest({ traceId: traceId(2), spanId: spanId(1) });
    const { client } = await connected({
      FindTraces: [Buffer.alloc(0), large, Buffer.from([0x0a, 0]), small],
    });
    const chunks = await all(client.findTraces({}));
    expect(new Set(chunks.map((chunk) => chunk.traceId))).toEqual(new Set([traceId(1), traceId(2)]));
    for (const { encoded } of chunks) expect(encoded.length).toBeLessThanOrEqual(3 * 1024 * 1024);
    const ids = chunks.flatMap(({ encoded }) => [...spansOf(encoded)].map((span) => span.spanId));
    expect(ids).toEqual([...Array.from({ length: 50 }, (_, i) => spanId(i + 1)), spanId(1)]);
  });

  it("sends limits and ends of ranges that our server would default", async () => {
    const { client, asked } = await connected({ FindTraces: [], GetDependencies: [Buffer.alloc(0)] });
    // The year 2846, which in Go's 64 bits is 2262.
    const last = { seconds: "27670116110", nanos: 564327423 };
    const decoded = (name: string) => messageType(`jaeger.storage.v2.${name}`).deserialize(asked.request);

    await all(client.findTraces({}));
    expect(decoded("FindTracesRequest").query).toMatchObject({
      searchDepth: 100,
      startTimeMin: { seconds: "0", nanos: 0 },
      startTimeMax: last,
      pagination: null,
      filter: null,
    });
    await all(client.findTraces({ limit: 7.5, startTimeMinUnixNano: 1_500_000_000_000_000_001n }));
    expect(decoded("FindTracesRequest").query).toMatchObject({
      searchDepth: 7,
      startTimeMin: { seconds: "1500000000", nanos: 1 },
    });
    await client.getDependencies({ startTimeUnixNano: 0n, endTimeUnixNano: 2n ** 64n - 1n });
    expect(decoded("GetDependenciesRequest")).toEqual({
      startTime: { seconds: "0", nanos: 0 },
      endTime: last,
    });
  });

  it("sends the headers of the options with every call", async () => {
    const { client, asked } = await connected(
      { FindTraces: [], GetServices: [Buffer.alloc(0)] },
      { metadata: { "x-tenant": "acme", authorization: "Bearer 1" } },
    );
    for (const call of [() => client.getServices(), () => all(client.findTraces({}))]) {
      asked.metadata = new Metadata();
      await call();
      expect(asked.metadata.getMap()).toMatchObject({ "x-tenant": "acme", authorization: "Bearer 1" });
    }
  });

  it("sends a filter as the protocol has it", async () => {
    const { client, asked } = await connected({ ...capable, FindTraceIDs: [Buffer.alloc(0)], FindSpans: [] });
    const filter = { op: "exists", args: [{ attr: { key: "k", level: "span" } }] };
    await client.findTraceIds({ filter, startTimeMinUnixNano: 1n });
    const message = (name: string) => messageType(`jaeger.storage.v2.${name}`).deserialize(asked.request);
    const call = { op: "exists", args: [expect.objectContaining({ attr: { key: "k", level: "span" } })] };
    expect(message("FindTraceIDsRequest").query).toMatchObject({ filter: call, startTimeMin: { nanos: 1 } });
    await all(client.findSpans({ filter, orderBy: [{ field: "duration" }], page: { size: 3, token: "t" } }));
    expect(message("FindSpansRequest").query).toMatchObject({
      filter: call,
      pagination: { pageSize: 3, pageToken: "t" },
      orderBy: [{ expression: { field: { name: "duration", level: "span" } }, direction: "asc" }],
    });
  });
});

describe("a field at fault", () => {
  it.each([
    ["query.start_time_min", "startTimeMin"],
    ["query.duration_max", "maxDuration"],
    ["query.pagination", "page"],
    ["query.pagination.page_size", "page.size"],
    ["query.order_by[2].expression", "orderBy[2]"],
    ["query.order_by[0].direction", "orderBy[0]"],
    ["query[3].trace_id", "traceIds[3]"],
    ["query.filter.args[1]", "filter.args[1]"],
    ["end_time", "startTimeMax"],
    ["page.token", "page.token"],
    ["service", "service"],
  ])("%s is called %s by a SpanStore", (protocol, core) => {
    expect(coreField(protocol)).toBe(core);
  });
});
