import { decodeTraces, filterToJson, openMemoryStore, SpanKind, span as spanField } from "@spanstore/core";
import { describe, expect, it } from "vitest";
import { baseTime, milli, type Reply, type Served, serve, span, traceId, tracesOf } from "./harness.js";

const otherId = "00000000000000000000000000000002";
const micros = (nanos: bigint): string => String(nanos / 1000n);

async function filled(options: Parameters<typeof serve>[0] = {}): Promise<Served> {
  const served = await serve(options);
  await served.store.write(
    tracesOf(
      "shop",
      span(1, { kind: SpanKind.server, attributes: [{ key: "k", value: { stringValue: "v" } }] }),
      span(2, { parentSpanId: "0000000000000001", kind: SpanKind.client }),
    ),
  );
  await served.store.write(tracesOf("cart", span(9, { traceId: otherId })));
  return served;
}

const messages = ({ json }: Reply): string[] => json.errors.map(({ msg }: { msg: string }) => msg);

describe("Jaeger's query API beyond Jaeger", () => {
  it("searches by TraceQL on both generations' paths", async () => {
    await using served = await filled();
    const q = encodeURIComponent('{ .k = "v" }');
    const { json } = await served.get(`/api/traces?q=${q}`);
    expect(json.data.map((trace: { traceID: string }) => trace.traceID)).toEqual([traceId]);
    const range = "query.startTimeMin=2026-01-01T00:00:00Z&query.startTimeMax=2027-01-01T00:00:00Z";
    const found = await served.get(`/api/v3/traces?${range}&q=${q}`);
    expect(found.json.result.resourceSpans).toHaveLength(1);
    expect((await served.get(`/api/v3/trace-summaries?${range}&q=${q}`)).json.summaries).toMatchObject([
      { traceId, spanCount: 2, rootServiceName: "shop" },
    ]);
  });

  it("says where TraceQL is wrong", async () => {
    await using served = await filled();
    const answer = await served.get(`/api/traces?q=${encodeURIComponent("{ .k = }")}`);
    expect(answer.status).toBe(400);
    expect(messages(answer)[0]).toMatch(/q.*\^/s);
    const beside = await served.get(`/api/traces?service=shop&q=${encodeURIComponent("{}")}`);
    expect(messages(beside)[0]).toMatch("a filter stands alone, but service stands beside it");
  });

  it("gives pages by token", async () => {
    await using served = await filled();
    const q = encodeURIComponent("{}");
    const first = await served.get(`/api/traces?q=${q}&pageSize=1`);
    expect(first.json.data).toHaveLength(1);
    const second = await served.get(`/api/traces?q=${q}&pageSize=1&pageToken=${first.json.nextPageToken}`);
    expect(
      [first, second].flatMap(({ json }) => json.data.map((one: { traceID: string }) => one.traceID)),
    ).toEqual([otherId.slice(16), traceId]);
    expect(second.json.nextPageToken).toBeUndefined();
    expect((await served.get(`/api/traces?q=${q}&pageSize=1&limit=2`)).status).toBe(400);
    expect((await served.get(`/api/traces?q=${q}&pageToken=x`)).status).toBe(400);
    expect((await served.get(`/api/traces?q=${q}&pageSize=1&pageToken=x`)).status).toBe(400);
  });

  it("searches traces and spans by the structured filter", async () => {
    await using served = await filled();
    const filter = filterToJson(spanField.kind.eq("client"));
    const traces = await served.post("/api/v3/search", { filter, limit: 5 });
    expect(traces.json.result.resourceSpans).toHaveLength(1);
    const spans = await served.post("/api/v3/spans", {
      q: '{ resource.service.name = "shop" }',
      orderBy: [{ field: "startTime", direction: "asc" }],
      pageSize: 1,
    });
    expect(spans.json.result.resourceSpans[0].scopeSpans[0].spans[0].name).toBe("op 1");
    expect(spans.json.nextPageToken).toBeTypeOf("string");
    for (const [body, message] of [
      ["no json", "the body is no JSON"],
      ["[]", "the body is no JSON object"],
      [{ filters: {} }, "unknown field 'filters'"],
      [{ filter, q: "{}" }, "filter and q exclude each other"],
      [{ filter: { op: "x", args: [] } }, "filter"],
      [{ limit: 0 }, "limit is no whole number above 0"],
      [{ startTimeMin: "now" }, "startTimeMin is no time"],
      [{ rawTraces: "yes" }, "rawTraces is neither true nor false"],
    ] as const) {
      const answer = await served.post("/api/v3/search", body);
      expect(answer).toMatchObject({ status: 400, json: { error: { httpCode: 400, grpcCode: 3 } } });
      expect(answer.json.error.message).toMatch(message);
    }
    expect((await served.post("/api/v3/spans", { orderBy: [{ field: "name" }] })).status).toBe(400);
    expect((await served.post("/api/v3/search", { q: '{ name = "none" }' })).status).toBe(404);
  });

  it("lists names and values of attributes, of a sample that it names", async () => {
    await using served = await filled();
    const all = await served.get("/api/v3/attributes");
    expect(all.json).toEqual({
      attributes: [
        { key: "service.name", level: "resource", spans: 3 },
        { key: "k", level: "span", spans: 1 },
      ],
      sample: { spans: 3, complete: true },
    });
    expect((await served.get("/api/v3/attributes?level=span&prefix=x")).json.attributes).toEqual([]);
    expect((await served.get("/api/v3/attributes/values?key=service.name")).json.values).toEqual([
      { value: "shop", type: "string", spans: 2 },
      { value: "cart", type: "string", spans: 1 },
    ]);
    expect((await served.get("/api/v3/attributes/values?key=k&service=cart")).json.values).toEqual([]);
    expect((await served.get("/api/v3/attributes/values")).status).toBe(400);
    expect((await served.get("/api/v3/attributes?level=trace")).status).toBe(400);
  });

  it("answers 304 for a trace that the client has, as long as it has not grown", async () => {
    await using served = await filled();
    for (const path of [`/api/traces/${traceId}`, `/api/v3/traces/${traceId}`]) {
      const { headers } = await served.get(path);
      const etag = headers.get("etag") ?? "";
      expect(headers.get("cache-control")).toBe("private, no-cache");
      const again = await served.get(path, { headers: { "if-none-match": `"x", W/${etag}` } });
      expect(again).toMatchObject({ status: 304, text: "" });
      await served.store.write(tracesOf("shop", span(3 + path.length)));
      expect((await served.get(path, { headers: { "if-none-match": etag } })).status).toBe(200);
    }
    const raw = await served.get(`/api/traces/${traceId}?raw=true`);
    expect(raw.headers.get("etag")).not.toBe(
      (await served.get(`/api/traces/${traceId}`)).headers.get("etag"),
    );
  });

  it("takes lookback where no start is given", async () => {
    await using served = await filled({ now: () => Number(baseTime / milli) + 10 * 60_000 });
    const count = async (query: string) =>
      (await served.get(`/api/traces?service=shop&${query}`)).json.data.length as number;
    expect(await count("lookback=5m")).toBe(0);
    expect(await count("lookback=1h")).toBe(1);
    expect(await count("lookback=2d")).toBe(1);
    expect(await count(`lookback=custom&start=${micros(baseTime)}`)).toBe(1);
    expect((await served.get("/api/traces?service=shop&lookback=soon")).status).toBe(400);
  });

  it("archives a trace, and finds it there when it is gone", async () => {
    const archive = openMemoryStore();
    await using served = await filled({ archiveOf: async () => archive });
    const asStored = await served.get(`/api/traces/${traceId}?raw=true`);
    expect((await served.post(`/api/archive/${traceId}`, "")).json).toEqual({
      data: [],
      total: 0,
      limit: 0,
      offset: 0,
      errors: [],
    });
    await served.store.purge();
    expect((await served.get(`/api/traces/${traceId}?raw=true`)).json).toEqual(asStored.json);
    expect((await served.get(`/api/v3/traces/${traceId}`)).status).toBe(200);
    expect((await served.post(`/api/archive/${otherId}`, "")).status).toBe(404);
    await archive.close();
    await using without = await filled();
    expect(await without.post(`/api/archive/${traceId}`, "")).toMatchObject({
      status: 501,
      json: { errors: [{ code: 501, msg: "archive span storage was not configured" }] },
    });
  });

  it("makes Jaeger's JSON of OTLP/JSON without storing it", async () => {
    await using served = await serve();
    const { json } = await served.post("/api/transform", {
      resourceSpans: [
        {
          resource: { attributes: [{ key: "service.name", value: { stringValue: "file" } }] },
          scopeSpans: [
            { spans: [{ traceId, spanId: "0000000000000001", name: "a", startTimeUnixNano: "1000" }] },
            { spans: [{ traceId: otherId, spanId: "0000000000000001", name: "b" }] },
          ],
        },
      ],
    });
    expect(json.data.map((one: Reply["json"]) => [one.traceID, one.processes.p1.serviceName])).toEqual([
      [traceId, "file"],
      [otherId.slice(16), "file"],
    ]);
    expect((await served.get("/api/services")).json.data).toEqual([]);
    const bad = await served.post("/api/transform", { resourceSpans: [{ scopeSpans: 5 }] });
    expect(messages(bad)[0]).toMatch("cannot unmarshal OTLP : resourceSpans[0]");
  });
});

describe("a large trace", () => {
  it("is adjusted and sent whole, although little of it is held", async () => {
    const spans = Array.from({ length: 6000 }, (_, i) =>
      span(i + 1, { parentSpanId: i === 0 ? "" : i === 1 ? "00000000ffffffff" : "0000000000000001" }),
    );
    const whole = await serve();
    await whole.store.write(tracesOf("shop", ...spans));
    const held = await whole.get(`/api/traces/${traceId}`);
    const twice = await serve({ heldTraceBytes: 1000 }, whole.store);
    const answer = await twice.get(`/api/traces/${traceId}`);
    expect(answer.json).toEqual(held.json);
    expect(answer.json.data[0].spans).toHaveLength(spans.length);
    expect(answer.json.data[0].spans[1].warnings).toEqual([
      "parent span ID=00000000ffffffff is not in the trace; skipping clock skew adjustment",
    ]);
    expect((await twice.get(`/api/traces?service=shop`)).json.data[0].spans).toHaveLength(spans.length);
    await twice.face.close();
    await whole[Symbol.asyncDispose]();
  });
});

describe("a whole trace in protobuf", () => {
  it("is the bytes that were stored, under a tag of its own", async () => {
    await using served = await serve();
    await served.store.write(tracesOf("a", span(1), span(2)));
    const path = `/api/v3/traces/${traceId}?rawTraces=true`;
    const answer = await fetch(`http://127.0.0.1:${served.port}${path}`, {
      headers: { accept: "application/x-protobuf" },
    });
    expect(answer.headers.get("content-type")).toBe("application/x-protobuf");
    expect(answer.headers.get("vary")).toBe("accept, accept-encoding");
    const spans = decodeTraces(new Uint8Array(await answer.arrayBuffer())).resourceSpans.flatMap(
      ({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans.map(({ spanId }) => spanId)),
    );
    expect(spans.sort()).toEqual([span(1).spanId, span(2).spanId]);
    const asJson = await served.get(path);
    expect(asJson.json.result.resourceSpans.length).toBeGreaterThan(0);
    expect(asJson.headers.get("etag")).not.toBe(answer.headers.get("etag"));
  });

  it("is read once for a client that stores nothing", async () => {
    const inner = openMemoryStore();
    await inner.write(tracesOf("a", span(1), span(2)));
    let reads = 0;
    const store = {
      ...inner,
      getTraces: (...args: Parameters<typeof inner.getTraces>) => {
        reads++;
        return inner.getTraces(...args);
      },
    };
    await using served = await serve({ heldTraceBytes: 1 }, store);
    const path = `/api/v3/traces/${traceId}?rawTraces=true`;
    for (const accept of ["application/x-protobuf", "application/json"]) {
      const kept = await served.get(path, { headers: { accept } });
      expect(reads).toBe(2);
      reads = 0;
      const once = await served.get(path, { headers: { accept, "cache-control": "no-store" } });
      expect(reads).toBe(1);
      reads = 0;
      expect(once.text).toBe(kept.text);
      expect([once.headers.get("etag"), once.headers.get("cache-control")]).toEqual([null, "no-store"]);
      expect(kept.headers.get("etag")).not.toBeNull();
    }
    await inner.purge();
    expect((await served.get(path, { headers: { "cache-control": "no-store" } })).status).toBe(404);
  });

  it("is not there when the trace is not", async () => {
    await using served = await serve();
    const headers = { accept: "application/x-protobuf" };
    const { status, json } = await served.get(`/api/v3/traces/${traceId}`, { headers });
    expect(status).toBe(404);
    expect(json.error.message).toBe("No traces found");
  });
});
