import * as zlib from "node:zlib";
import { deflateSync, gzipSync } from "node:zlib";
import { messageCodec } from "@spanstore/client/wire";
import { SpanStoreError } from "@spanstore/core";
import { encodeTraces, tracesToJson } from "@spanstore/core/otlp";
import { describe, expect, it } from "vitest";
import { serve, span, traceId, tracesOf } from "./harness.js";

const protobuf = { "content-type": "application/x-protobuf" };
const traces = tracesOf("shop", span(1), span(2));
const encoded = encodeTraces(traces);
const json = JSON.stringify(tracesToJson(traces));
const status = messageCodec<{ code: number; message: string }>("google.rpc.Status");
const response = messageCodec<{ partialSuccess?: object }>(
  "opentelemetry.proto.collector.trace.v1.ExportTraceServiceResponse",
);

async function bytesOf(port: number, init: RequestInit) {
  const answer = await fetch(`http://127.0.0.1:${port}/v1/traces`, { method: "POST", ...init });
  return { status: answer.status, headers: answer.headers, body: Buffer.from(await answer.arrayBuffer()) };
}

describe("OTLP/HTTP", () => {
  const takes: [string, { "content-type": string; "content-encoding"?: string }, Uint8Array][] = [
    ["protobuf", protobuf, encoded],
    ["protobuf by gzip", { ...protobuf, "content-encoding": "gzip" }, gzipSync(encoded)],
    ["protobuf by deflate", { ...protobuf, "content-encoding": "deflate" }, deflateSync(encoded)],
    ["JSON", { "content-type": "application/json; charset=utf-8" }, Buffer.from(json)],
    ["JSON by gzip", { "content-type": "application/json", "content-encoding": "GZIP" }, gzipSync(json)],
  ];
  if (typeof zlib.zstdCompressSync === "function") {
    // Node.js has it from 22.15 on.
    takes.push([
      "protobuf by zstd",
      { ...protobuf, "content-encoding": "zstd" },
      zlib.zstdCompressSync(encoded),
    ]);
  }

  it.each(takes)("takes %s", async (_, headers, body) => {
    await using served = await serve();
    const answer = await bytesOf(served.port, { headers, body: new Uint8Array(body) });
    expect(answer.status).toBe(200);
    expect(answer.headers.get("content-type")).toBe(headers["content-type"].split(";")[0]);
    expect(answer.body.toString()).toBe(headers["content-type"].includes("json") ? "{}" : "");
    const found = await served.get(`/api/traces/${traceId}?raw=true`);
    expect(found.json.data[0].spans.map((one: { operationName: string }) => one.operationName)).toEqual([
      "op 1",
      "op 2",
    ]);
  });

  it("reports the number of spans that can never be stored, and stores the others", async () => {
    await using served = await serve();
    // A ResourceSpans, a ScopeSpans and a Span that has an id of one byte and nothing else.
    const bad = Buffer.from([0x0a, 7, 0x12, 5, 0x12, 3, 0x12, 1, 0]);
    const badJson = tracesToJson(tracesOf("shop", span(2), { ...span(3), spanId: "00" }));
    const ofProtobuf = await bytesOf(served.port, {
      headers: protobuf,
      body: new Uint8Array(Buffer.concat([encodeTraces(tracesOf("shop", span(1))), bad])),
    });
    expect(response.decode(ofProtobuf.body)).toMatchObject({
      partialSuccess: { rejectedSpans: "1", errorMessage: "a trace id of 0 bytes instead of 16" },
    });
    const ofJson = await served.post("/v1/traces", badJson);
    expect(ofJson.json.partialSuccess).toMatchObject({
      rejectedSpans: "1",
      errorMessage: expect.stringMatching(/resourceSpans\[0\].scopeSpans\[0\].spans\[1\].spanId/),
    });
    expect((await served.get("/api/operations?service=shop")).json.total).toBe(2);
  });

  it("sends errors as a google.rpc.Status in the encoding of the request", async () => {
    await using served = await serve({ maxBodyBytes: 100_000 });
    const refused = async (headers: Record<string, string>, body: Uint8Array | string) => {
      const answer = await bytesOf(served.port, {
        headers,
        body: typeof body === "string" ? body : new Uint8Array(body),
      });
      const { code, message } = headers["content-type"]?.includes("x-protobuf")
        ? status.decode(answer.body)
        : JSON.parse(answer.body.toString());
      return { status: answer.status, code, message };
    };
    expect(await refused(protobuf, Buffer.from("no spans"))).toMatchObject({ status: 400, code: 3 });
    expect(await refused({ "content-type": "application/json" }, "{")).toMatchObject({
      status: 400,
      code: 3,
    });
    expect(await refused({ "content-type": "application/json" }, "[]")).toMatchObject({
      status: 400,
      code: 3,
    });
    expect(await refused({ "content-type": "text/plain" }, "x")).toMatchObject({
      status: 415,
      code: 3,
      message: "spans are taken as application/x-protobuf or application/json, not as 'text/plain'",
    });
    expect(await refused({ ...protobuf, "content-encoding": "br" }, encoded)).toMatchObject({ status: 415 });
    expect(await refused({ ...protobuf, "content-encoding": "gzip" }, encoded)).toMatchObject({
      status: 400,
      message: "the body cannot be decompressed",
    });
    expect(
      await refused({ ...protobuf, "content-encoding": "gzip" }, gzipSync(encoded).subarray(0, -10)),
    ).toMatchObject({ status: 400 });
    expect(await refused(protobuf, Buffer.alloc(100_001))).toMatchObject({ status: 413, code: 8 });
    const bomb = gzipSync(Buffer.alloc(100_000_000));
    expect(await refused({ ...protobuf, "content-encoding": "gzip" }, bomb)).toMatchObject({ status: 413 });
    expect((await served.get("/api/services")).json.data).toEqual([]);
  });

  it("tells the client when to try again", async () => {
    let error = new SpanStoreError("OVERLOADED", "too much", { retryAfterMillis: 2500 });
    await using served = await serve({
      write: () => Promise.reject(error),
    });
    const tooMuch = await bytesOf(served.port, { headers: protobuf, body: new Uint8Array(encoded) });
    expect(tooMuch.status).toBe(429);
    expect(tooMuch.headers.get("retry-after")).toBe("3");
    expect(status.decode(tooMuch.body)).toMatchObject({ code: 8 });
    error = new SpanStoreError("STORE_UNAVAILABLE", "away");
    const away = await served.post("/v1/traces", json);
    expect(away).toMatchObject({ status: 503, json: { code: 14, message: "away" } });
    expect(away.headers.get("retry-after")).toBe("1");
  });

  it("takes room for a body while it arrives, and frees it", async () => {
    let taken = 0;
    let most = 0;
    const place = () => {
      let own = 0;
      return {
        take: (bytes: number) => {
          if (taken + bytes > 1000) throw new SpanStoreError("OVERLOADED", "no room");
          own += bytes;
          taken += bytes;
          most = Math.max(most, taken);
        },
        giveBack: (bytes: number) => {
          own -= bytes;
          taken -= bytes;
        },
        expect() {},
        settle() {},
        release: () => {
          taken -= own;
          own = 0;
        },
      };
    };
    await using served = await serve({ place });
    expect((await served.post("/v1/traces", encoded, protobuf)).status).toBe(200);
    expect(most).toBe(encoded.length);
    expect((await served.post("/v1/traces", Buffer.alloc(5000), protobuf)).status).toBe(429);
    expect(taken).toBe(0);
  });

  it("authorizes the caller before the body arrives", async () => {
    const seen: string[] = [];
    await using served = await serve({
      authorize: ({ need, header }) => {
        seen.push(need);
        const [token] = header("authorization");
        if (token === undefined) throw new SpanStoreError("UNAUTHENTICATED", "no token");
        if (token !== need) throw new SpanStoreError("PERMISSION_DENIED", "not yours");
        return { tenant: "acme" };
      },
    });
    expect((await served.post("/v1/traces", encoded, protobuf)).status).toBe(401);
    expect((await served.post("/v1/traces", encoded, { ...protobuf, authorization: "read" })).status).toBe(
      403,
    );
    expect((await served.post("/v1/traces", encoded, { ...protobuf, authorization: "write" })).status).toBe(
      200,
    );
    const names = await served.get("/api/services", { headers: { authorization: "read" } });
    expect(names.json.data).toEqual(["shop"]);
    expect(await served.store.getServices()).toEqual([]);
    expect((await served.get("/api/services")).headers.get("www-authenticate")).toBe("Bearer");
    expect(seen).toEqual(["write", "write", "write", "read", "read"]);
  });

  it("answers browsers of allowed origins", async () => {
    await using served = await serve({ corsOrigins: ["https://a.example"] });
    const preflight = (origin: string) =>
      served.get("/v1/traces", {
        method: "OPTIONS",
        headers: {
          origin,
          "access-control-request-method": "POST",
          "access-control-request-headers": "content-type",
        },
      });
    const allowed = await preflight("https://a.example");
    expect(allowed.status).toBe(204);
    expect(allowed.headers.get("access-control-allow-origin")).toBe("https://a.example");
    expect(allowed.headers.get("access-control-allow-headers")).toBe("content-type");
    expect((await preflight("https://b.example")).headers.get("access-control-allow-origin")).toBeNull();
    const posted = await served.post("/v1/traces", json, { origin: "https://a.example" });
    expect(posted.headers.get("access-control-allow-origin")).toBe("https://a.example");
    await using closed = await serve();
    const other = await closed.post("/v1/traces", json, { origin: "https://a.example" });
    expect(other.headers.get("access-control-allow-origin")).toBeNull();
  });
});
