import { describe, expect, it } from "vitest";
import { type Served, serve } from "../harness.js";
import { type CountedSpan, minute, origin, writeCounted } from "./counted-spans.js";

const shop = { service: "shop", operation: 'GET "/"', kind: "server", status: "error" } as const;
const spans: readonly CountedSpan[] = [
  { ...shop, start: origin - 1, duration: 5 },
  { ...shop, start: origin - 2, duration: 100 },
  { ...shop, start: origin - 60 * minute, duration: 16_000 },
  { ...shop, start: origin - 61 * minute, duration: 5 },
  { service: "cart", operation: "add", kind: "client", status: "unset", start: origin - 3, duration: 0 },
];
const open = { headers: { accept: "application/openmetrics-text;version=1.0.0,text/plain;q=0.5" } };

async function filled(options: Parameters<typeof serve>[0] = {}): Promise<Served> {
  const served = await serve({ now: () => origin, ...options });
  await writeCounted(served.store, spans);
  return served;
}

const lines = (text: string, start: string): string[] =>
  text.split("\n").filter((line) => line.startsWith(start));

describe("/metrics/spans", () => {
  it("counts the spans of this hour and of the one before as Prometheus reads it", async () => {
    await using served = await filled();
    const { status, headers, text } = await served.get("/metrics/spans");
    expect(status).toBe(200);
    expect(headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
    const cart =
      'service_name="cart",span_kind="SPAN_KIND_CLIENT",span_name="add",status_code="STATUS_CODE_UNSET"';
    const get =
      'service_name="shop",span_kind="SPAN_KIND_SERVER",span_name="GET \\"/\\"",status_code="STATUS_CODE_ERROR"';
    expect(lines(text, "traces_span_metrics_calls_total{")).toEqual([
      `traces_span_metrics_calls_total{${cart}} 1`,
      `traces_span_metrics_calls_total{${get}} 3`,
    ]);
    expect(
      lines(text, `traces_span_metrics_duration_milliseconds_bucket{${get}`).map((line) =>
        line.slice(line.indexOf("le=")),
      ),
    ).toEqual([
      ...["2", "4"].map((le) => `le="${le}"} 0`),
      ...["6", "8", "10", "50"].map((le) => `le="${le}"} 1`),
      ...["100", "200", "400", "800", "1000", "1400", "2000", "5000", "10000", "15000"].map(
        (le) => `le="${le}"} 2`,
      ),
      'le="+Inf"} 3',
    ]);
    expect(text).toContain(`traces_span_metrics_duration_milliseconds_count{${get}} 3\n`);
    expect(text).toContain("\ntraces_span_metrics_overflow_series 0\n");
    expect(text).not.toMatch(/trace_id|EOF|UNIT/);
  });

  it("has exemplars in OpenMetrics", async () => {
    await using served = await filled();
    const { headers, text } = await served.get("/metrics/spans", open);
    expect(headers.get("content-type")).toBe("application/openmetrics-text; version=1.0.0; charset=utf-8");
    expect(text).toMatch(/# EOF\n$/);
    expect(text).toContain("# TYPE traces_span_metrics_calls counter\n");
    expect(text).toContain("# UNIT traces_span_metrics_duration_milliseconds milliseconds\n");
    const withExemplars = lines(text, "traces_span_metrics_duration_milliseconds_bucket").filter((line) =>
      line.includes(" # "),
    );
    // Only the newest spans are looked at.
    expect(withExemplars.map((line) => line.slice(line.indexOf("le=")))).toEqual([
      `le="2.0"} 1 # {trace_id="${"6".padStart(32, "0")}"} 0 ${(origin - 3) / 1000}`,
      `le="6.0"} 1 # {trace_id="${"2".padStart(32, "0")}"} 5 ${(origin - 1) / 1000}`,
      `le="100.0"} 2 # {trace_id="${"3".padStart(32, "0")}"} 100 ${(origin - 2) / 1000}`,
    ]);
  });

  it("counts series beyond the limit in one, and continues those before it", async () => {
    let now = origin;
    await using served = await filled({ maxSpanSeries: 1, now: () => now });
    const before = (await served.get("/metrics/spans")).text;
    expect(
      lines(before, "traces_span_metrics_calls_total{").map((line) => line.replace(/.*"([^"]+)"\}/, "$1")),
    ).toEqual(["STATUS_CODE_ERROR 3", "true 1"]);
    expect(before).toContain("\ntraces_span_metrics_overflow_series 1\n");
    now += minute;
    const more = Array.from({ length: 9 }, (_, i) => ({ ...(spans[4] as CountedSpan), start: origin + i }));
    await writeCounted(served.store, more);
    const after = (await served.get("/metrics/spans")).text;
    expect(lines(after, "traces_span_metrics_calls_total{")).toEqual([
      expect.stringMatching(/service_name="shop".* 3$/),
      'traces_span_metrics_calls_total{otel_metric_overflow="true"} 10',
    ]);
  });

  const shopCalls = async (served: Served): Promise<number> => {
    const [line = ""] = lines(
      (await served.get("/metrics/spans")).text,
      'traces_span_metrics_calls_total{service_name="shop"',
    );
    return Number(line.slice(line.lastIndexOf(" ")));
  };

  it("never falls: at midnight, when spans are deleted, when spans come late", async () => {
    const midnight = origin + 14 * 60 * minute;
    let now = midnight - 1;
    await using served = await serve({ now: () => now });
    const write = (...starts: number[]) =>
      writeCounted(
        served.store,
        starts.map((start) => ({ ...shop, start, duration: 5 })),
      );
    await write(midnight - 2, midnight - 1);
    expect(await shopCalls(served)).toBe(2);
    now = midnight + 1;
    await write(midnight, midnight + 1);
    expect(await shopCalls(served)).toBe(4);
    // An hour late.
    now = midnight + 59 * minute;
    await write(midnight - 3);
    expect(await shopCalls(served)).toBe(5);
    await served.store.deleteBefore(BigInt(midnight + 10 * minute) * 1_000_000n);
    expect(await shopCalls(served)).toBe(5);
    now = midnight + 300 * minute;
    await write(midnight + 70 * minute, midnight + 299 * minute);
    expect(await shopCalls(served)).toBe(7);
  });
});
