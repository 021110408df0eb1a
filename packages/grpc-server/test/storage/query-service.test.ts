import { status } from "@grpc/grpc-js";
import { openMemoryStore } from "@spanstore/core";
import { afterEach, describe, expect, it } from "vitest";
import { startServer } from "../../src/index.js";
import { connect, exportRequest, spanId, traceId } from "../harness.js";

const stops: (() => Promise<unknown> | unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

const bytes = (hex: string) => Buffer.from(hex, "hex");
const seconds = (value: number) => ({ seconds: String(value) });
const around = { startTimeMin: seconds(1_600_000_000), startTimeMax: seconds(1_800_000_000) };

/** Two spans that share an id, as Zipkin's clients make them. */
const shared = exportRequest(
  { traceId: traceId(1), spanId: spanId(1), service: "web", name: "call", kind: 3 },
  { traceId: traceId(1), spanId: spanId(1), service: "api", name: "serve", kind: 2 },
);

async function start(tokens?: readonly string[]) {
  const store = openMemoryStore();
  const archive = openMemoryStore();
  const server = await startServer({
    store,
    openArchive: async () => archive,
    listen: "127.0.0.1:0",
    ...(tokens === undefined ? {} : { auth: { tokens } }),
  });
  stops.push(
    () => store.close(),
    () => server.close(),
  );
  const client = (headers?: Readonly<Record<string, string>>) => {
    const made = connect(server.address, {}, headers);
    stops.push(() => made.close());
    return made;
  };
  await store.write(shared);
  return { store, archive, client };
}

describe("jaeger.api_v2.QueryService", () => {
  const method = (name: string) => `jaeger.api_v2.QueryService/${name}`;

  it("shows traces as Jaeger does, and as stored where that is asked for", async () => {
    const { client } = await start();
    const ids = async (name: string, message: object) =>
      (await client().collect(method(name), message)).flatMap(({ spans }) =>
        spans.map((span: { spanId: Buffer }) => span.spanId.toString("hex")),
      );
    const query = { serviceName: "web", ...around };
    expect(await ids("GetTrace", { traceId: bytes(traceId(1)) })).toEqual([spanId(1), spanId(2)]);
    expect(await ids("GetTrace", { traceId: bytes(traceId(1)), rawTraces: true })).toEqual([
      spanId(1),
      spanId(1),
    ]);
    expect(await ids("FindTraces", { query })).toEqual([spanId(1), spanId(2)]);
    expect(await ids("FindTraces", { query: { ...query, rawTraces: true } })).toEqual([spanId(1), spanId(1)]);
    expect(await ids("FindTraces", { query: { ...query, serviceName: "none" } })).toEqual([]);
  });

  it("lists names and calls", async () => {
    const { client } = await start();
    expect((await client().unary(method("GetServices"), {})).services).toEqual(["api", "web"]);
    expect(await client().unary(method("GetOperations"), { service: "api" })).toMatchObject({
      operationNames: ["serve"],
      operations: [{ name: "serve", spanKind: "server" }],
    });
    const window = { startTime: around.startTimeMin, endTime: around.startTimeMax };
    expect((await client().unary(method("GetDependencies"), window)).dependencies).toEqual([]);
  });

  it("archives a trace, and finds it there", async () => {
    const { store, archive, client } = await start();
    await client().unary(method("ArchiveTrace"), { traceId: bytes(traceId(1)) });
    expect(await archive.getServices()).toEqual(["api", "web"]);
    await store.purge();
    expect(await client().collect(method("GetTrace"), { traceId: bytes(traceId(1)) })).toHaveLength(1);
    await expect(
      client().unary(method("ArchiveTrace"), { traceId: bytes(traceId(9)) }),
    ).rejects.toMatchObject({
      code: status.NOT_FOUND,
    });
  });

  it("refuses malformed requests", async () => {
    const { client } = await start();
    await expect(client().collect(method("GetTrace"), { traceId: bytes(traceId(9)) })).rejects.toMatchObject({
      code: status.NOT_FOUND,
      details: "trace not found",
    });
    await expect(client().collect(method("GetTrace"), {})).rejects.toMatchObject({
      code: status.INVALID_ARGUMENT,
    });
    await expect(client().collect(method("FindTraces"), {})).rejects.toMatchObject({
      code: status.INVALID_ARGUMENT,
    });
  });

  it("lets readers read, and only writers archive", async () => {
    const { client } = await start(["read:reader-reader-1234", "write:writer-writer-1234"]);
    const as = (role: string) => client({ authorization: `Bearer ${role}-${role}-1234` });
    const id = { traceId: bytes(traceId(1)) };
    expect((await as("reader").unary(method("GetServices"), {})).services).toEqual(["api", "web"]);
    await expect(as("reader").unary(method("ArchiveTrace"), id)).rejects.toMatchObject({
      code: status.PERMISSION_DENIED,
    });
    await as("writer").unary(method("ArchiveTrace"), id);
    await expect(as("writer").collect(method("GetTrace"), id)).rejects.toMatchObject({
      code: status.PERMISSION_DENIED,
    });
  });
});

describe("jaeger.api_v3.QueryService", () => {
  const method = (name: string) => `jaeger.api_v3.QueryService/${name}`;

  it("shows traces in OTLP", async () => {
    const { client } = await start();
    const ids = async (name: string, message: object) =>
      (await client().collect(method(name), message))
        .flatMap(({ resourceSpans }) => resourceSpans)
        .flatMap(({ scopeSpans }) => scopeSpans)
        .flatMap(({ spans }) => spans.map((span: { spanId: Buffer }) => span.spanId.toString("hex")));
    expect(await ids("GetTrace", { traceId: traceId(1) })).toEqual([spanId(1), spanId(2)]);
    expect(await ids("GetTrace", { traceId: "1", rawTraces: true })).toEqual([spanId(1), spanId(1)]);
    expect(await ids("GetTrace", { traceId: "9" })).toEqual([]);
    expect(await ids("FindTraces", { query: around })).toEqual([spanId(1), spanId(2)]);
    const filter = {
      op: "eq",
      args: [{ field: { name: "name", level: "span" } }, { scalar: { value: "serve" } }],
    };
    expect(await ids("FindTraces", { query: { ...around, filter, rawTraces: true } })).toHaveLength(2);
  });

  it("gives summaries by pages, with ids in hex", async () => {
    const { client } = await start();
    const [answer] = await client().collect(method("FindTraceSummaries"), {
      query: { ...around, pagination: { pageSize: 5 } },
    });
    expect(answer.summaries).toMatchObject([{ traceId: traceId(1), spanCount: 2 }]);
    expect((await client().unary(method("GetServices"), {})).services).toEqual(["api", "web"]);
  });

  it("refuses malformed requests", async () => {
    const { client } = await start();
    for (const [name, message] of [
      ["GetTrace", { traceId: "xyz" }],
      ["FindTraces", {}],
      ["FindTraces", { query: {} }],
      ["FindTraces", { query: { ...around, pagination: { pageSize: 1 } } }],
      ["FindTraceSummaries", { query: { startTimeMin: seconds(1) } }],
    ] as const) {
      await expect(client().collect(method(name), message)).rejects.toMatchObject({
        code: status.INVALID_ARGUMENT,
      });
    }
  });
});
