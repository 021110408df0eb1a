import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openMemoryStore, type SpanStore } from "@spanstore/core";
import { openElasticsearchStore } from "@spanstore/elasticsearch";
import { openManticoreStore } from "@spanstore/manticore";
import { openSqliteStore } from "@spanstore/sqlite";
import { expect, it, onTestFinished } from "vitest";
import {
  cleanUp,
  describeWithElasticsearch,
  freshPrefix as freshIndices,
  hookMillis,
  sharedElasticsearch,
} from "../../../../scripts/test-support/elasticsearch/elasticsearch.js";
import { describeWithPeer } from "../../../../scripts/test-support/peers.js";
import { freshPrefix, startSearchd } from "../../../manticore/test/searchd.js";
import { startServer } from "../../src/index.js";
import {
  connect,
  exportRequest,
  methodNamed,
  methods,
  type SpanGiven,
  spanId,
  type TestClient,
  traceId,
} from "../harness.js";
import { jaegerSpan } from "../jaeger/jaeger1/spans.js";

const v2 = "jaeger.storage.v2.TraceReader";
const v1 = "jaeger.storage.v1.SpanReaderPlugin";
const query2 = "jaeger.api_v2.QueryService";
const query3 = "jaeger.api_v3.QueryService";
const archive = { "spanstore-store": "archive" };
const window = { startTime: { seconds: "0" }, endTime: { seconds: "9999999999" } };
const seconds = { startTimeMin: { seconds: "1" }, startTimeMax: { seconds: "9999999999" } };

/** What a method that reads is asked, so that it finds spans of this service and these traces. */
const questions = (
  service: string,
  traces: readonly number[],
): Readonly<Record<string, readonly object[]>> => {
  const ids = traces.map((n) => ({ traceId: Buffer.from(traceId(n), "hex") }));
  const query = { serviceName: service, searchDepth: 100, ...seconds };
  const all = { query: { searchDepth: 100 } };
  const hexIds = traces.map((n) => ({ traceId: traceId(n) }));
  return {
    [`${v2}/GetTraces`]: [{ query: ids }],
    [`${v2}/GetServices`]: [{}],
    [`${v2}/GetOperations`]: [{ service }],
    [`${v2}/FindTraces`]: [{ query }, all],
    [`${v2}/FindTraceIDs`]: [{ query }, all],
    [`${v2}/FindTraceSummaries`]: [{ query }, all],
    [`${v2}/FindSpans`]: [{ query: {} }],
    "jaeger.storage.v2.DependencyReader/GetDependencies": [window],
    [`${v1}/GetTrace`]: ids,
    [`${v1}/GetServices`]: [{}],
    [`${v1}/GetOperations`]: [{ service }],
    [`${v1}/FindTraces`]: [{ query: { serviceName: service, numTraces: 100, ...seconds } }],
    [`${v1}/FindTraceIDs`]: [{ query: { serviceName: service, numTraces: 100, ...seconds } }],
    "jaeger.storage.v1.ArchiveSpanReaderPlugin/GetArchiveTrace": ids,
    "jaeger.storage.v1.DependenciesReaderPlugin/GetDependencies": [window],
    [`${query2}/GetTrace`]: ids,
    [`${query2}/GetServices`]: [{}],
    [`${query2}/GetOperations`]: [{ service }],
    [`${query2}/FindTraces`]: [{ query }],
    [`${query2}/GetDependencies`]: [window],
    [`${query3}/GetTrace`]: hexIds,
    [`${query3}/GetServices`]: [{}],
    [`${query3}/GetOperations`]: [{ service }],
    [`${query3}/FindTraces`]: [{ query }],
    [`${query3}/FindTraceSummaries`]: [{ query }],
    [`${query3}/FindSpans`]: [{ query: {} }],
    [`${query3}/GetDependencies`]: [window],
  };
};
/** What tells of the server alone. */
const tellsNothing = /Capabilities$/;

/** Writes spans of this service by every method that writes, a trace each, numbered from one. */
const writers: Readonly<
  Record<string, (client: TestClient, service: string, n: number) => Promise<unknown>>
> = {
  "opentelemetry.proto.collector.trace.v1.TraceService/Export": (client, service, n) => {
    const parent: SpanGiven = { traceId: traceId(n), spanId: spanId(1), service, name: "calls" };
    const child = { ...parent, spanId: spanId(2), parentSpanId: spanId(1), service: `${service}-callee` };
    return client.unary("Export", exportRequest(parent, child));
  },
  "jaeger.storage.v1.SpanWriterPlugin/WriteSpan": (client, service, n) =>
    client.unary("jaeger.storage.v1.SpanWriterPlugin/WriteSpan", v1Span(service, n)),
  "jaeger.storage.v1.StreamingSpanWriterPlugin/WriteSpanStream": (client, service, n) => {
    const { call, answer } = client.upload("WriteSpanStream");
    call.write(v1Span(service, n));
    call.end();
    return answer;
  },
  "jaeger.storage.v1.ArchiveSpanWriterPlugin/WriteArchiveSpan": (client, service, n) =>
    client.unary("WriteArchiveSpan", v1Span(service, n)),
};
const closing = "jaeger.storage.v1.SpanWriterPlugin/Close";
/** Copies a trace within a tenant: test/query-service.test.ts. */
const archiving = "jaeger.api_v2.QueryService/ArchiveTrace";
const v1Span = (service: string, n: number) => ({
  span: jaegerSpan({ traceId: traceId(n), spanId: spanId(1), service }),
});
const writtenTraces = Object.keys(writers).map((_, i) => i + 1);

it("knows every method that is served", () => {
  const known = [...Object.keys(questions("", [])), ...Object.keys(writers), closing, archiving];
  const served = methods.map(({ path }) => path.slice(1)).filter((path) => !tellsNothing.test(path));
  expect(known.sort()).toEqual(served.sort());
});

/** Every answer that a caller gets to these questions; an unknown trace is one, too. */
async function answersOf(client: TestClient, service: string): Promise<Readonly<Record<string, unknown>>> {
  const answers: Record<string, unknown> = {};
  for (const [path, requests] of Object.entries(questions(service, writtenTraces))) {
    const ask = methodNamed(path).responseStream ? client.collect : client.unary;
    answers[path] = await Promise.all(
      requests.map((request) =>
        ask(path, request).catch(({ code, details }: { code: number; details: string }) => ({
          code,
          details,
        })),
      ),
    );
  }
  return answers;
}

async function areApart(store: SpanStore, archiveStore: SpanStore): Promise<void> {
  const server = await startServer({
    store,
    openArchive: async () => archiveStore,
    listen: "127.0.0.1:0",
    archiveListen: "127.0.0.1:0",
    tenancy: { required: false },
  });
  const clients: TestClient[] = [];
  onTestFinished(async () => {
    for (const client of clients) client.close();
    await server.close();
    await store.close();
  });
  const as = (headers: Readonly<Record<string, string>>, address = server.address): TestClient => {
    const client = connect(address, {}, headers);
    clients.push(client);
    return client;
  };
  /** Everybody but acme, in the store and in the archive. */
  const others = ["", "beta", "Acme", "acme_", "acme/../acme", "%61cme"].flatMap((name) => {
    const header: Readonly<Record<string, string>> = name === "" ? {} : { "x-tenant": name };
    return [as(header), as({ ...header, ...archive }), as(header, server.archiveAddress)];
  });
  const nothing = await answersOf(as({ "x-tenant": "newcomer" }), "acmes");
  // Asking makes no space.
  if (store.engine !== "memory") expect(await store.tenants()).toEqual([]);

  const acme = as({ "x-tenant": "acme" });
  const writing = Object.values(writers);
  for (const [i, write] of writing.entries()) await write(acme, "acmes", i + 1);
  await acme.unary(closing, {});
  const own = await answersOf(acme, "acmes");
  for (const [path, answer] of Object.entries(own)) expect(answer, path).not.toEqual(nothing[path]);
  for (const other of others) expect(await answersOf(other, "acmes")).toEqual(nothing);
  // Whichever way the archive is reached, it is acme's own.
  const archived = await answersOf(as({ "x-tenant": "acme", ...archive }), "acmes");
  expect(archived).not.toEqual(nothing);
  expect(await answersOf(as({ "x-tenant": "acme" }, server.archiveAddress), "acmes")).toEqual(archived);

  // Another tenant has no page of acme's.
  const page = (token: string) => ({ query: { pagination: { pageSize: 1, pageToken: token } } });
  const { nextPageToken } = await acme.unary(`${v2}/FindTraceIDs`, page(""));
  expect(nextPageToken).not.toBe("");
  for (const other of others) {
    const given = await other
      .unary(`${v2}/FindTraceIDs`, page(nextPageToken))
      .catch((error: { code: number }) => ({ traceIds: [], code: error.code }));
    expect(given.traceIds).toEqual([]);
  }

  // Who writes spans of the same ids changes nothing of acme's.
  for (const other of others) {
    for (const [i, write] of writing.entries()) await write(other, "strangers", i + 1);
  }
  expect(await answersOf(acme, "acmes")).toEqual(own);
  expect(await answersOf(as({ "x-tenant": "newcomer" }), "acmes")).toEqual(nothing);
}

const what = "keeps tenants apart in every call of both protocols, in the store and in the archive";

it(`in memory ${what}`, () => areApart(openMemoryStore(), openMemoryStore()));

it(`SQLite ${what}`, { timeout: 120_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), "spanstore-apart-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const open = (name: string) => openSqliteStore({ path: join(folder, name), readers: 1 });
  await areApart(await open("main.sqlite"), await open("main.sqlite.archive"));
});

describeWithPeer("manticore", "Manticore Search", (located) => {
  it(what, { timeout: 300_000 }, async () => {
    const searchd = await startSearchd(located);
    onTestFinished(searchd.close);
    const prefix = freshPrefix();
    const open = (suffix: string) => openManticoreStore({ url: searchd.url, prefix: `${prefix}${suffix}` });
    await areApart(await open(""), await open("archive_"));
  });
});

describeWithElasticsearch("Elasticsearch", (way) => {
  it(what, { timeout: 300_000 + hookMillis }, async () => {
    const elasticsearch = await sharedElasticsearch(way);
    const prefix = freshIndices();
    onTestFinished(() => cleanUp(way, elasticsearch, [prefix]));
    const open = (suffix: string) =>
      openElasticsearchStore({ url: elasticsearch.url, prefix: `${prefix}${suffix}`, refresh: "wait" });
    await areApart(await open(""), await open("archive-"));
  });
});
