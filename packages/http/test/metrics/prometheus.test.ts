import { describe, expect, it } from "vitest";
import { type Served, serve } from "../harness.js";
import { minute, origin, writeCounted } from "./counted-spans.js";

async function filled(): Promise<Served> {
  const served = await serve({ now: () => origin });
  await writeCounted(served.store, [
    { service: "shop", operation: "GET /", kind: "server", status: "ok", start: origin - 1, duration: 5 },
    {
      service: "cart",
      operation: "add",
      kind: "client",
      status: "error",
      start: origin - 90 * minute,
      duration: 5,
    },
  ]);
  return served;
}

const ok = (data: unknown) => ({ status: "success", data });
const hour = `start=${origin / 1000 - 3600}&end=${origin / 1000}`;

describe("Prometheus's HTTP API", () => {
  it.each<[string, unknown]>([
    ["labels", ["__name__", "le", "service_name", "span_kind", "span_name", "status_code"]],
    [
      "labels?match[]=traces_span_metrics_calls_total",
      ["__name__", "service_name", "span_kind", "span_name", "status_code"],
    ],
    ["labels?match[]=up", []],
    ["label/service_name/values", ["cart", "shop"]],
    ["label/service_name/values?limit=1", ["cart"]],
    [`label/service_name/values?${hour}`, ["shop"]],
    ['label/span_name/values?match[]={service_name="cart"}', ["add"]],
    ["label/job/values", []],
    ["label/span_kind/values?match[]=up", []],
    [
      'label/le/values?match[]={__name__=~".*_bucket",le=~"1.*"}',
      ["10", "100", "1000", "10000", "1400", "15000"],
    ],
    [
      `series?${hour}&match[]=traces_span_metrics_calls_total&match[]={service_name="cart"}`,
      [
        {
          __name__: "traces_span_metrics_calls_total",
          service_name: "shop",
          span_kind: "SPAN_KIND_SERVER",
          span_name: "GET /",
          status_code: "STATUS_CODE_OK",
        },
      ],
    ],
    [
      "metadata?metric=traces_span_metrics_calls_total",
      {
        traces_span_metrics_calls_total: [
          { type: "counter", help: "Spans that started, by the minute of their start.", unit: "" },
        ],
      },
    ],
  ])("answers %s", async (path, data) => {
    await using served = await filled();
    expect((await served.get(`/api/v1/${path}`)).json).toEqual(ok(data));
  });

  it("reports a version to Grafana", async () => {
    await using served = await serve();
    const { json } = await served.get("/api/v1/status/buildinfo");
    expect(json.data.version).toMatch(/^\d+\.\d+\.\d+$/);
  });

  it("takes times and steps in both forms", async () => {
    await using served = await serve({ now: () => origin });
    const first = await served.get("/api/v1/query_range?query=time()&start=60&end=120.5&step=30");
    expect(first.json.data.result).toEqual([
      {
        metric: {},
        values: [
          [60, "60"],
          [90, "90"],
          [120, "120"],
        ],
      },
    ]);
    const second = await served.get(
      "/api/v1/query_range?query=time()&start=1970-01-01T00:01:00Z&end=1970-01-01T00:02:00.5Z&step=30s",
    );
    expect(second.text).toBe(first.text);
  });

  it.each<[string, number, string, RegExp]>([
    ["query", 400, "bad_data", /^parameter 'query' is required$/],
    ["query?query=1&time=x", 400, "bad_data", /^invalid parameter 'time': "x" is not seconds/],
    ["query?query=1&times=5", 400, "bad_data", /unknown parameter 'times'/],
    ["query_range?query=1&start=1&end=2", 400, "bad_data", /^parameter 'step' is required$/],
    [
      "query_range?query=1&start=1&end=2&step=0",
      400,
      "bad_data",
      /'step': "0" is not a length of time above 0/,
    ],
    ["query_range?query=1&start=2&end=1&step=1", 400, "bad_data", /'end' is before 'start'/],
    ["query_range?query=1&start=0&end=11000&step=1", 400, "bad_data", /'step' makes 11001 points/],
    ['query_range?query="a"&start=1&end=2&step=1', 400, "bad_data", /a text has no range/],
    ["series", 400, "bad_data", /^parameter 'match\[\]' is required$/],
    ["series?match[]=1", 400, "bad_data", /'match\[\]': "1" is no selector of series/],
    ["series?match[]=up&start=2&end=1", 400, "bad_data", /'start' is after 'end'/],
    ["rules", 404, "not_found", /^nothing is at \/api\/v1\/rules$/],
  ])("%s is answered %i %s", async (path, status, errorType, error) => {
    await using served = await serve();
    const answer = await served.get(`/api/v1/${path}`);
    expect(answer.status).toBe(status);
    expect(answer.json).toEqual({ status: "error", errorType, error: expect.stringMatching(error) });
  });

  it("takes no other body than a form", async () => {
    await using served = await serve();
    expect((await served.post("/api/v1/query", { query: "1" })).status).toBe(415);
    const form = { "content-type": "application/x-www-form-urlencoded; charset=utf-8" };
    expect((await served.post("/api/v1/query?time=5", "query=1", form)).json.data.result).toEqual([5, "1"]);
    expect((await served.post("/api/v1/query?query=1", "query=1", form)).json.error).toMatch(
      "stands there twice",
    );
  });
});
