import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { describeWithPeer } from "../../../../scripts/test-support/peers.js";
import {
  freePorts,
  type RunningProgram,
  startProgram,
  untilReady,
} from "../../../../scripts/test-support/processes.js";
import { type Json, type Served, serve } from "../harness.js";
import {
  type CountedSpan,
  exactQuantile,
  minute,
  origin,
  startedBefore,
  writeCounted,
} from "./counted-spans.js";

/** An hour of two services: one fails now and then, the other never. */
const spans: readonly CountedSpan[] = Array.from({ length: 400 }, (_, i) => ({
  service: i % 3 === 0 ? "cart" : "shop",
  operation: `op ${i % 2}`,
  kind: i % 5 === 0 ? "client" : "server",
  status: i % 3 !== 0 && i % 7 === 0 ? "error" : "unset",
  start: origin - 1 - ((i * 7919) % 60) * minute,
  duration: 1 + ((i * 104_729) % 900),
}));

describeWithPeer("jaeger", "A real Jaeger 2 whose Prometheus we are", (peer) => {
  let folder = "";
  let served: Served;
  let jaeger: RunningProgram | undefined;
  let jaegerUrl = "";

  beforeAll(async () => {
    if (!("command" in peer)) throw new Error("Jaeger is started by the test: name a program, no address");
    served = await serve();
    await writeCounted(served.store, spans);
    folder = mkdtempSync(join(tmpdir(), "spanstore-jaeger-metrics-"));
    const [query, queryGrpc, health, otlp] = (await freePorts(4)) as [number, number, number, number];
    jaegerUrl = `http://127.0.0.1:${query}`;
    // JSON is YAML.
    const config = join(folder, "jaeger.yaml");
    writeFileSync(
      config,
      JSON.stringify(jaegerConfig({ query, queryGrpc, health, otlp, metrics: served.port })),
    );
    jaeger = startProgram(peer.command, [`--config=${config}`], { OTEL_TRACES_SAMPLER: "always_off" });
    await untilReady(`http://127.0.0.1:${health}/status`, jaeger);
  });

  afterAll(async () => {
    await jaeger?.stop();
    await served?.[Symbol.asyncDispose]();
    if (folder !== "") rmSync(folder, { recursive: true, force: true });
  });

  const asked = [
    ["service", "shop"],
    ["service", "cart"],
    ["endTs", String(origin)],
    ["lookback", String(30 * minute)],
    ["step", String(minute)],
    ["ratePer", String(10 * minute)],
  ];

  async function ask(kind: string, more: Readonly<Record<string, string>> = {}) {
    const query = new URLSearchParams([
      ...asked.map(([a, b]): [string, string] => [a ?? "", b ?? ""]),
      ...Object.entries(more),
    ]);
    const path = `/api/metrics/${kind}?${query}`;
    const answer = await fetch(`${jaegerUrl}${path}`);
    const theirs = await answer.text();
    expect(answer.status, `${theirs} ${jaeger?.output()}`).toBe(200);
    return { theirs: comparable(JSON.parse(theirs)), ours: comparable((await served.get(path)).json) };
  }

  it.each([
    ["calls", {}],
    ["calls", { groupByOperation: "true" }],
    ["calls", { spanKind: "client" }],
    ["errors", { groupByOperation: "true" }],
    ["errors", {}],
    ["errors", { spanKind: "client" }],
    ["latencies", { quantile: "0.95" }],
    ["latencies", { quantile: "0.5", groupByOperation: "true" }],
  ])("shows %s %j as we answer them", async (kind, more) => {
    const { theirs, ours } = await ask(kind, more);
    expect(theirs.series.size).toBeGreaterThan(0);
    expect(theirs.head).toEqual(ours.head);
    // Where one series has errors, Jaeger leaves out those that have none; we answer zeros.
    const zeros = [...ours.series].filter(([key]) => !theirs.series.has(key));
    expect(
      zeros.flatMap(([, points]) => points.map(({ value }) => value)).filter((value) => value !== 0),
    ).toEqual([]);
    for (const [key, points] of theirs.series) {
      const close = ours.series.get(key)?.map(({ timestamp, value }) => ({
        timestamp,
        value: typeof value === "number" ? expect.closeTo(value, 12) : value,
      }));
      expect(points, key).toEqual(close);
    }
  });

  it("shows what the spans say", async () => {
    const own = spans.filter(({ service, kind }) => service === "shop" && kind === "server");
    const last = startedBefore(own, origin, 10);
    const newest = async (kind: string, more = {}) =>
      Number((await ask(kind, more)).theirs.series.get("service_name=shop")?.at(-1)?.value);
    expect(await newest("calls")).toBeCloseTo(last.length / 600, 12);
    expect(await newest("errors")).toBeCloseTo(
      last.filter(({ status }) => status === "error").length / last.length,
      12,
    );
    const exact = exactQuantile(last, 0.95);
    expect(Math.abs((await newest("latencies", { quantile: "0.95" })) - exact)).toBeLessThanOrEqual(
      exact * 0.0055,
    );
  });
});

interface Comparable {
  readonly head: Json;
  readonly series: Map<string, readonly { readonly timestamp: string; readonly value: number | string }[]>;
}

/** A MetricFamily whose series and labels stand in no order. */
function comparable({ metrics = [], ...head }: Json): Comparable {
  const series = metrics.map(({ labels, metricPoints }: Json) => [
    labels
      .map(({ name, value }: Json) => `${name}=${value}`)
      .sort()
      .join(),
    metricPoints.map(({ gaugeValue, timestamp }: Json) => ({ timestamp, value: gaugeValue.doubleValue })),
  ]);
  return { head, series: new Map(series) };
}

interface Ports {
  readonly query: number;
  readonly queryGrpc: number;
  readonly health: number;
  readonly otlp: number;
  readonly metrics: number;
}

function jaegerConfig({ query, queryGrpc, health, otlp, metrics }: Ports): object {
  const at = (port: number): string => `127.0.0.1:${port}`;
  return {
    service: {
      extensions: ["jaeger_storage", "jaeger_query", "healthcheckv2"],
      pipelines: { traces: { receivers: ["otlp"], exporters: ["jaeger_storage_exporter"] } },
      telemetry: { metrics: { level: "none" } },
    },
    extensions: {
      jaeger_query: {
        storage: { traces: "traces", metrics: "spanstore" },
        http: { endpoint: at(query) },
        grpc: { endpoint: at(queryGrpc) },
      },
      jaeger_storage: {
        backends: { traces: { memory: { max_traces: 10 } } },
        metric_backends: {
          spanstore: {
            prometheus: {
              endpoint: `http://${at(metrics)}`,
              normalize_calls: true,
              normalize_duration: true,
            },
          },
        },
      },
      healthcheckv2: { use_v2: true, http: { endpoint: at(health) } },
    },
    receivers: { otlp: { protocols: { grpc: { endpoint: at(otlp) } } } },
    exporters: { jaeger_storage_exporter: { trace_storage: "traces" } },
  };
}
