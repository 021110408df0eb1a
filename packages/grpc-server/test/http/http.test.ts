import { readFileSync } from "node:fs";
import { request as httpsRequest } from "node:https";
import { status } from "@grpc/grpc-js";
import { openMemoryStore, type SpanStore } from "@spanstore/core";
import { afterEach, describe, expect, it } from "vitest";
import { createAuthority } from "../../../../scripts/test-support/certificates.js";
import { freePorts, until } from "../../../../scripts/test-support/processes.js";
import { greeting } from "../../src/greeting.js";
import { type RunningServer, type ServerOptions, startServer } from "../../src/index.js";
import {
  type Answer,
  connect,
  errorOf,
  traceId as idOf,
  exportRequest as requestOf,
  spanId,
} from "../harness.js";

const traceId = idOf(1);
const exportRequest = () => requestOf({ traceId, spanId: spanId(1), service: "cart", name: "GET /cart" });

const stops: (() => Promise<unknown> | unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

async function start(options: Partial<ServerOptions> = {}, store: SpanStore = openMemoryStore()) {
  const server = await startServer({
    store,
    listen: "127.0.0.1:0",
    httpListen: "127.0.0.1:0",
    admin: "127.0.0.1:0",
    ...options,
  });
  stops.push(
    () => store.close(),
    () => server.close(),
  );
  return { server, store, url: `http://${server.httpAddress}` };
}

const protobuf = { "content-type": "application/x-protobuf" };

async function send(url: string, headers: Readonly<Record<string, string>> = {}, body = exportRequest()) {
  const answer = await fetch(`${url}/v1/traces`, {
    method: "POST",
    headers: { ...protobuf, ...headers },
    body: new Uint8Array(body),
  });
  await answer.arrayBuffer();
  return answer;
}

const get = async (url: string, path: string, headers: Readonly<Record<string, string>> = {}) => {
  const answer = await fetch(`${url}${path}`, { headers });
  const json: Answer = await answer.json().catch(() => undefined);
  return { status: answer.status, json };
};

async function metric(server: RunningServer, name: string): Promise<string | undefined> {
  const text = await (await fetch(`http://${server.adminAddress}/metrics`)).text();
  return text.split("\n").find((line) => line.startsWith(name));
}

describe("a server over HTTP", () => {
  it("takes spans and shows them, and gRPC sees the same", async () => {
    const { server, url } = await start();
    expect((await send(url)).status).toBe(200);
    expect((await get(url, `/api/traces/${traceId}`)).json.data[0].spans).toHaveLength(1);
    const client = connect(server.address);
    stops.push(() => client.close());
    expect((await client.unary("GetServices", {})).services).toEqual(
      (await get(url, "/api/services")).json.data,
    );
    expect(await metric(server, "spanstore_spans_written_total")).toBe("spanstore_spans_written_total 1");
    expect(await metric(server, 'spanstore_http_requests_total{method="POST",route="/v1/traces"')).toMatch(
      /status="200"} 1$/,
    );
  });

  it("asks for the same tokens, roles and tenants", async () => {
    const { url, store } = await start({
      auth: { tokens: ["read:reader-reader-1234", "write:writer-writer-1234"] },
      tenancy: { tenants: ["acme"] },
    });
    const as = (role: string) => ({ authorization: `Bearer ${role}-${role}-1234`, "x-tenant": "acme" });
    expect((await send(url)).status).toBe(401);
    expect((await send(url, as("reader"))).status).toBe(403);
    expect((await send(url, { ...as("writer"), "x-tenant": "other" })).status).toBe(403);
    expect((await send(url, as("writer"))).status).toBe(200);
    expect((await get(url, "/api/services", as("writer"))).status).toBe(403);
    expect((await get(url, "/api/services", { authorization: as("reader").authorization })).status).toBe(401);
    expect((await get(url, "/api/services", as("reader"))).json.total).toBe(1);
    expect(await store.getServices()).toEqual([]);
    expect(await store.tenants()).toEqual(["acme"]);
  });

  it("holds tenants to their rates, and tells when to come again", async () => {
    const { url, server } = await start({ rates: { bytesPerSecond: 1, ofTenants: [] } });
    expect((await send(url)).status).toBe(200);
    const refused = await send(url);
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(1);
    expect(await metric(server, 'spanstore_writes_refused_total{reason="rate"}')).toMatch(/ 1$/);
  });

  it("writes no more at once than there is room for", async () => {
    const inner = openMemoryStore();
    let go = (): void => {};
    const gate = new Promise<void>((resolve) => {
      go = resolve;
    });
    let began = (): void => {};
    const isWriting = new Promise<void>((resolve) => {
      began = resolve;
    });
    const store: SpanStore = {
      ...inner,
      write: async (...args) => {
        began();
        await gate;
        return inner.write(...args);
      },
    };
    const { url } = await start({ maxWaitingBytes: 1000 }, store);
    const first = send(url);
    await isWriting;
    expect((await send(url)).status).toBe(429);
    go();
    expect((await first).status).toBe(200);
    expect((await send(url)).status).toBe(200);
  });

  it("counts among the calls that may be open at once", async () => {
    const inner = openMemoryStore();
    let go = (): void => {};
    const gate = new Promise<void>((resolve) => {
      go = resolve;
    });
    let waiting = 0;
    const store: SpanStore = {
      ...inner,
      getServices: async (options) => {
        waiting++;
        await gate;
        return inner.getServices(options);
      },
    };
    const { url, server } = await start({ maxCalls: 8 }, store);
    const numberOf = async (name: string): Promise<number> =>
      Number((await metric(server, name))?.split(" ").at(-1) ?? 0);
    const calls = Array.from({ length: 20 }, () => fetch(`${url}/api/services`));
    await until(
      async () =>
        (await numberOf('spanstore_refused_total{what="calls"}')) + waiting === 20 ? true : undefined,
      { what: "every call" },
    );
    expect(waiting).toBeGreaterThan(1);
    expect(waiting).toBeLessThanOrEqual(8);
    expect(await numberOf("spanstore_calls ")).toBe(waiting);
    const client = connect(server.address);
    stops.push(() => client.close());
    const more = Array.from({ length: 8 }, () => errorOf(client.unary("GetServices", {})));
    expect((await Promise.race(more)).code).toBe(status.RESOURCE_EXHAUSTED);
    go();
    const answers = await Promise.all(calls);
    const refused = answers.filter((answer) => answer.status === 429);
    expect(answers.filter((answer) => answer.status === 200).length + refused.length).toBe(20);
    for (const { headers } of refused) expect(Number(headers.get("retry-after"))).toBeGreaterThan(0);
    await Promise.allSettled(more);
    expect((await get(url, "/api/services")).status).toBe(200);
    await until(async () => ((await numberOf("spanstore_calls ")) === 0 ? true : undefined), {
      what: "the end",
    });
  });

  it("keeps to the limits of spans", async () => {
    const { url, server } = await start({
      spanLimits: { spanBytes: 20, nameBytes: 16, valueBytes: 16, attributes: 1 },
    });
    expect((await send(url)).status).toBe(200);
    expect((await get(url, "/api/services")).json.data).toEqual([]);
    expect(await metric(server, "spanstore_spans_rejected_total")).toBe("spanstore_spans_rejected_total 1");
  });

  it("archives into the archive", async () => {
    const archive = openMemoryStore();
    const { url, store } = await start({ openArchive: async () => archive });
    await send(url);
    expect((await fetch(`${url}/api/archive/${traceId}`, { method: "POST" })).status).toBe(200);
    await store.purge();
    expect((await get(url, `/api/traces/${traceId}`)).status).toBe(200);
  });

  it("speaks TLS where there is a certificate", async () => {
    const authority = createAuthority();
    stops.push(() => authority.remove());
    const { server } = await start({ tls: authority.issue("server", "IP:127.0.0.1") });
    const status = await new Promise((resolve, reject) => {
      httpsRequest(`https://${server.httpAddress}/api/services`, { ca: readFileSync(authority.caFile) })
        .on("response", (response) => {
          response.resume();
          resolve(response.statusCode);
        })
        .on("error", reject)
        .end();
    });
    expect(status).toBe(200);
  });

  it("opens the ports of Jaeger's all-in-one beside its own", async () => {
    const [grpc, http, query] = (await freePorts(3)).map((port) => `127.0.0.1:${port}`) as [
      string,
      string,
      string,
    ];
    const { server, url } = await start({ allInOne: { otlpGrpc: grpc, otlpHttp: http, query } });
    expect(server.allInOne).toEqual({ otlpGrpc: grpc, otlpHttp: http, query });
    const client = connect(grpc);
    stops.push(() => client.close());
    await client.unary("Export", exportRequest());
    expect((await send(`http://${http}`)).status).toBe(200);
    expect((await get(`http://${http}`, "/api/services")).status).toBe(404);
    expect((await get(`http://${query}`, "/api/services")).json.total).toBe(1);
    expect((await send(`http://${query}`)).status).toBe(404);
    expect((await get(url, "/api/services")).json.total).toBe(1);
  });

  it("names a port that it cannot open, and opens none", async () => {
    const { server } = await start();
    const store = openMemoryStore();
    await expect(
      startServer({ store, listen: "127.0.0.1:0", httpListen: server.httpAddress as string }),
    ).rejects.toThrow(`cannot listen on ${server.httpAddress}: the port is in use`);
    await store.close();
  });

  it("is not there without its option", async () => {
    const store = openMemoryStore();
    const server = await startServer({ store, listen: "127.0.0.1:0" });
    expect([server.httpAddress, server.allInOne]).toEqual([undefined, undefined]);
    await server.close();
    await store.close();
  });
});

describe("the first lines at a terminal", () => {
  it("say where spans are, where to send them and where to look", () => {
    const text = greeting({
      program: "spanstore",
      version: "1.2.3",
      place: "sqlite at ./spanstore.sqlite",
      secure: false,
      server: {
        address: "127.0.0.1:17271",
        httpAddress: "127.0.0.1:17286",
        adminAddress: "127.0.0.1:17272",
        allInOne: undefined,
      },
    });
    expect(text).toBe(
      [
        "spanstore 1.2.3 is ready. Ctrl+C stops it.",
        "",
        "  open in a browser   http://127.0.0.1:17286/",
        "  spans are kept in   sqlite at ./spanstore.sqlite",
        "  send OTLP by gRPC   127.0.0.1:17271",
        "  send OTLP by HTTP   http://127.0.0.1:17286/v1/traces",
        "  Jaeger's storage    127.0.0.1:17271",
        "  Jaeger's query API  http://127.0.0.1:17286/api/services",
        "  health and metrics  127.0.0.1:17272/readyz, /metrics",
        "",
        "",
      ].join("\n"),
    );
  });
});
