import { status } from "@grpc/grpc-js";
import { openMemoryStore, type SpanStore } from "@spanstore/core";
import { afterEach, describe, expect, it } from "vitest";
import { startServer } from "../src/index.js";
import type { TenancyOptions } from "../src/routing/tenancy.js";
import { connect, errorOf, exportRequest, methods, spanId, type TestClient, traceId } from "./harness.js";

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

/** A server whose main store and archive have tenants, and what connects a caller to it. */
async function tenants(tenancy: TenancyOptions): Promise<{
  readonly store: SpanStore;
  readonly archive: SpanStore;
  readonly as: (headers: Readonly<Record<string, string>>) => TestClient;
}> {
  const store = openMemoryStore();
  const archive = openMemoryStore();
  const server = await startServer({
    store,
    openArchive: async () => archive,
    listen: "127.0.0.1:0",
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

  it("shows what a tenant wrote to that tenant alone, in the store and in the archive", async () => {
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
});
