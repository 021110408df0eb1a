import { status } from "@grpc/grpc-js";
import { openMemoryStore, type SpanStore } from "@spanstore/core";
import { afterEach, describe, expect, it } from "vitest";
import { startServer } from "../../src/index.js";
import type { TenancyOptions } from "../../src/routing/tenancy.js";
import { connect, errorOf, exportRequest, methods, spanId, type TestClient, traceId } from "../harness.js";

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

/** A server whose main store and archive have tenants, and what connects a caller to it. */
async function tenants(tenancy: TenancyOptions): Promise<{
  readonly store: SpanStore;
  readonly archive: SpanStore;
  readonly as: (headers: Readonly<Record<string, string | Buffer>>) => TestClient;
  /** URLs of the HTTP face and of the admin port. */
  readonly urls: readonly string[];
}> {
  const store = openMemoryStore();
  const archive = openMemoryStore();
  const server = await startServer({
    store,
    openArchive: async () => archive,
    listen: "127.0.0.1:0",
    httpListen: "127.0.0.1:0",
    admin: "127.0.0.1:0",
    tenancy,
  });
  const clients: TestClient[] = [];
  stops.push(async () => {
    for (const client of clients) client.close();
    await server.close();
    await store.close();
  });
  return {
    store,
    archive,
    urls: [
      `http://${server.httpAddress}/api/services`,
      `http://${server.adminAddress}/expiring?time=18446744073709551615`,
    ],
    as(headers) {
      const client = connect(server.address, {}, headers);
      clients.push(client);
      return client;
    },
  };
}

const request = exportRequest({ traceId: traceId(7), spanId: spanId(1), service: "secret" });
const call = (client: TestClient, path: string): Promise<unknown> => {
  const method = methods.find((each) => each.path === path);
  if (method?.requestStream) {
    const { call: stream, answer } = client.upload(path.slice(1));
    stream.end();
    return answer;
  }
  return method?.responseStream ? client.collect(path.slice(1), {}) : client.unary(path.slice(1), {});
};
const paths = methods.map(({ path }) => path);

describe("tenants over gRPC", () => {
  it.each(paths)("%s says which tenant it is of, or fails", async (path) => {
    const { as } = await tenants({ tenants: ["acme", "beta"] });
    const statusOf = async (headers: Readonly<Record<string, string>>) =>
      (await errorOf(call(as(headers), path))).code;
    expect(await statusOf({})).toBe(status.UNAUTHENTICATED);
    expect(await statusOf({ "x-tenant": "" })).toBe(status.UNAUTHENTICATED);
    for (const name of ["nobody", "acme,beta", "acme, acme", "x".repeat(65), "../acme"]) {
      expect(await statusOf({ "x-tenant": name }), name).toBe(status.PERMISSION_DENIED);
    }
  });

  it("shows a tenant's spans only to that tenant, in the store and in the archive", async () => {
    const { as, store } = await tenants({ required: false });
    const acme = as({ "x-tenant": "acme" });
    const acmeArchive = as({ "x-tenant": "acme", "spanstore-store": "archive" });
    await acme.unary("Export", request);
    await acmeArchive.unary("Export", request);
    const others = [
      as({}),
      as({ "x-tenant": "beta" }),
      as({ "x-tenant": "Acme" }),
      as({ "x-tenant": "beta", "spanstore-store": "archive" }),
      as({ "spanstore-store": "archive" }),
    ];
    const id = Buffer.from(traceId(7), "hex");
    const window = {
      startTime: { seconds: "0" },
      endTime: { seconds: "9999999999" },
    };
    const reads: readonly ((client: TestClient) => Promise<unknown>)[] = [
      (client) => client.unary("jaeger.storage.v2.TraceReader/GetServices", {}),
      (client) => client.unary("jaeger.storage.v1.SpanReaderPlugin/GetServices", {}),
      (client) => client.unary("jaeger.storage.v2.TraceReader/GetOperations", { service: "secret" }),
      (client) => client.collect("jaeger.storage.v2.TraceReader/GetTraces", { query: [{ traceId: id }] }),
      (client) => client.collect("jaeger.storage.v2.TraceReader/FindTraces", { query: {} }),
      (client) => client.unary("jaeger.storage.v2.TraceReader/FindTraceIDs", { query: {} }),
      (client) => client.collect("jaeger.storage.v2.TraceReader/FindTraceSummaries", { query: {} }),
      (client) => client.collect("jaeger.storage.v2.TraceReader/FindSpans", { query: {} }),
      (client) => client.collect("jaeger.storage.v1.SpanReaderPlugin/FindTraces", { query: {} }),
      (client) => client.unary("jaeger.storage.v2.DependencyReader/GetDependencies", window),
    ];
    const empty = await tenants({ required: false });
    for (const read of reads) {
      const nothing = await read(empty.as({}));
      for (const other of others) expect(await read(other)).toEqual(nothing);
    }
    for (const owner of [acme, acmeArchive]) {
      expect(await owner.unary("jaeger.storage.v2.TraceReader/GetServices", {})).toEqual({
        services: ["secret"],
      });
    }
    expect(await store.getServices()).toEqual([]);
    expect(await store.forTenant("acme").getServices()).toEqual(["secret"]);
  });

  it("refuses names that are no UTF-8, which would all be one tenant's", async () => {
    const { as, urls, store } = await tenants({});
    const notUtf8 = ["fffe", "feff80", "c0af", "eda080", "616263ff"].map((hex) => Buffer.from(hex, "hex"));
    for (const name of notUtf8) {
      const client = as({ "x-tenant-bin": name });
      for (const path of ["Export", "jaeger.storage.v2.TraceReader/GetServices"]) {
        expect(await errorOf(client.unary(path, request))).toMatchObject({
          code: status.INVALID_ARGUMENT,
          details: expect.stringContaining("x-tenant-bin"),
        });
      }
      for (const url of urls) {
        const answer = await fetch(url, { headers: { "x-tenant-bin": name.toString("base64") } });
        expect([answer.status, await answer.text()]).toEqual([400, expect.stringContaining("x-tenant-bin")]);
      }
    }
    expect(await store.tenants()).toEqual([]);
    // A byte order mark is a part of the name.
    for (const name of ["\u{feff}a", "a", "Zoë", "店"]) {
      await as({ "x-tenant-bin": Buffer.from(name) }).unary("Export", request);
    }
    expect(await store.tenants()).toEqual(["Zoë", "a", "店", "\u{feff}a"].sort());
  });

  it("does not join two names of bytes into one", async () => {
    const { as, urls } = await tenants({});
    const [url = ""] = urls;
    const base64 = (text: string): string => Buffer.from(text).toString("base64");
    const ask = async (value: string): Promise<number> =>
      (await fetch(url, { headers: { "x-tenant-bin": value } })).status;
    expect(await ask(base64("acme"))).toBe(200);
    expect(await ask(`${base64("acm")}, ${base64("e")}`)).toBe(403);
    const both = as({ "x-tenant": "acme", "x-tenant-bin": Buffer.from("acme") });
    expect((await errorOf(both.unary("Export", request))).code).toBe(status.PERMISSION_DENIED);
  });
});
