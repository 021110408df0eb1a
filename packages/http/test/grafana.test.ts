// Grafana's Jaeger data source: every request that its source code makes, of the browser's part (Grafana 7 to 11) and of the server's
// part (from 12 on, pkg/tsdb/jaeger), and the fields of the answers that it reads.
import { readFileSync } from "node:fs";
import { SpanKind } from "@spanstore/core";
import { expect, it } from "vitest";
import { parse } from "yaml";
import { baseTime, type Json, milli, type Served, serve, span, traceId, tracesOf } from "./harness.js";

const service = "checkout / eu + ü";
const operation = "GET /cart?x=1 & more";
const micros = (nanos: bigint): string => String(nanos / 1000n);
const millis = (nanos: bigint): string => String(nanos / milli);
const from = baseTime - 3_600_000n * milli;
const to = baseTime + 60_000n * milli;

async function filled(): Promise<Served> {
  const served = await serve();
  const attributes = [
    { key: "http.status_code", value: { intValue: 500n } },
    { key: "msg", value: { stringValue: "a b" } },
  ];
  const events = [{ timeUnixNano: baseTime + 2n * milli, name: "retry" }];
  const status = { code: 2 };
  await served.store.write(
    tracesOf(service, span(1, { name: operation, kind: SpanKind.client, attributes, events, status })),
  );
  await served.store.write(
    tracesOf("stock", span(2, { parentSpanId: "0000000000000001", kind: SpanKind.server })),
  );
  return served;
}

/** As Go's url.Values and the browser's part write parameters. */
const query = (parameters: Readonly<Record<string, string>>): string => {
  const pairs = Object.entries(parameters).map(
    ([name, value]) => `${name}=${encodeURIComponent(value).replaceAll("%20", "+")}`,
  );
  return pairs.join("&");
};

it("the connection's test and the list of services", async () => {
  await using served = await filled();
  const { status, json } = await served.get("/api/services");
  expect([status, json.data, json.total]).toEqual([200, [service, "stock"], 2]);
});

it("the operations of a service", async () => {
  await using served = await filled();
  const path = `/api/services/${encodeURIComponent(service)}/operations`;
  expect((await served.get(path)).json.data).toEqual([operation]);
  // A list that is null is taken for an empty one.
  expect((await served.get("/api/services/none/operations")).json.data).toBeNull();
});

it("a search, with all that its form has", async () => {
  await using served = await filled();
  const form = {
    service,
    operation,
    tags: JSON.stringify({ "http.status_code": "500", msg: "a b", error: "true" }),
    minDuration: "0.5ms",
    maxDuration: "1.2s",
    limit: "20",
  };
  const ofBrowser = query({ ...form, start: micros(from), end: micros(to), lookback: "custom" });
  // The server's part says no time in some versions: then it is the last two days.
  for (const asked of [ofBrowser, query(form), query({ service })]) {
    const { status, json } = await served.get(`/api/traces?${asked}`);
    expect([status, json.data.map((trace: Json) => trace.traceID)]).toEqual([200, [traceId]]);
  }
  for (const other of [{ operation: "other" }, { tags: '{"msg":"a"}' }, { minDuration: "2ms" }]) {
    const { status, json } = await served.get(`/api/traces?${query({ ...form, ...other })}`);
    expect([status, json.data]).toEqual([200, []]);
  }
});

it("a trace by its id, as its table of spans reads it", async () => {
  await using served = await filled();
  // With the switch traceIdTimeParams, by versions, in milliseconds or microseconds.
  const times = [`?start=${millis(from)}&end=${millis(to)}`, `?start=${micros(from)}&end=${micros(to)}`];
  for (const range of ["", ...times]) {
    const { status, json } = await served.get(`/api/traces/${traceId}${range}`);
    expect(status).toBe(200);
    const [{ spans, processes, ...trace }] = json.data;
    expect(trace.traceID).toBe(traceId);
    const rows = spans.map((row: Json) => ({
      spanID: row.spanID,
      parent: row.references.find(({ refType }: Json) => refType === "CHILD_OF")?.spanID,
      service: processes[row.processID].serviceName,
      operationName: row.operationName,
      startTime: row.startTime,
      duration: row.duration,
      logs: row.logs.map(({ timestamp }: Json) => timestamp),
    }));
    const start = Number(baseTime / 1000n);
    expect(rows).toEqual([
      {
        spanID: "0000000000000001",
        parent: undefined,
        service,
        operationName: operation,
        startTime: start + 1000,
        duration: 1000,
        logs: [start + 2000],
      },
      {
        spanID: "0000000000000002",
        parent: "0000000000000001",
        service: "stock",
        operationName: "op 2",
        startTime: start + 2000,
        duration: 1000,
        logs: [],
      },
    ]);
    const tags = spans[0].tags.map(({ key, value }: Json) => [key, value]);
    expect(tags).toContainEqual(["http.status_code", 500]);
    expect(tags).toContainEqual(["error", true]);
  }
  expect((await served.get(`/api/traces/${"0".repeat(31)}1`)).status).toBe(404);
});

it("the graph of services", async () => {
  await using served = await filled();
  const range = `endTs=${millis(to)}&lookback=${millis(to - from)}`;
  const { status, json } = await served.get(`/api/dependencies?${range}`);
  expect([status, json.data]).toEqual([200, [{ parent: service, child: "stock", callCount: 1 }]]);
});

it("the paths of /api/v3 behind its feature flag, whose times are not encoded", async () => {
  await using served = await filled();
  expect((await served.get("/api/v3/services")).json).toEqual({ services: [service, "stock"] });
  expect((await served.get(`/api/v3/operations?${query({ service })}`)).json.operations).toEqual([
    { name: operation, spanKind: "client" },
  ]);
  const iso = (nanos: bigint): string => new Date(Number(nanos / milli)).toISOString();
  const asked = query({
    "query.service_name": service,
    "query.operation_name": operation,
    "query.attributes": JSON.stringify({ msg: "a b" }),
    "query.duration_min": "0.5ms",
    "query.duration_max": "1s",
  });
  const times = `query.start_time_min=${iso(from)}&query.start_time_max=${iso(to)}`;
  const found = await served.get(`/api/v3/traces?${asked}&${times}`);
  const one = await served.get(`/api/v3/traces/${traceId}?start_time=${iso(from)}&end_time=${iso(to)}`);
  for (const { status, json } of [found, one]) {
    expect(status).toBe(200);
    const spans = json.result.resourceSpans.flatMap(({ scopeSpans }: Json) => scopeSpans[0].spans);
    expect(spans.map(({ spanId }: Json) => spanId).sort()).toEqual(["0000000000000001", "0000000000000002"]);
  }
});

it("what examples/grafana provisions is what is served", async () => {
  const file = new URL("../../../examples/grafana/provisioning/datasources/spanstore.yaml", import.meta.url);
  const { apiVersion, datasources } = parse(readFileSync(file, "utf8"));
  expect(apiVersion).toBe(1);
  await using served = await filled();
  const health: Readonly<Record<string, string>> = {
    jaeger: "/api/services",
    prometheus: "/api/v1/query?query=1",
  };
  expect(datasources.map(({ type }: Json) => type)).toEqual(["jaeger", "prometheus"]);
  for (const { type, url } of datasources) {
    const { pathname } = new URL(`${url}${health[type]}`);
    expect([
      type,
      (await served.get(`${pathname}${new URL(`${url}${health[type]}`).search}`)).status,
    ]).toEqual([type, 200]);
  }
});
