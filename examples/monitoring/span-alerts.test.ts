import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { openMemoryStore, type Span, SpanKind, StatusCode, type TracesData } from "@spanstore/core";
import { createHttpFace, type HttpFace } from "@spanstore/http";
import { afterAll, beforeAll, expect, it } from "vitest";
import { parse, stringify } from "yaml";
import { describeWithPeer } from "../../scripts/test-support/peers.js";
import { freePorts, type RunningProgram, startProgram, until } from "../../scripts/test-support/processes.js";

interface Rule {
  readonly alert: string;
  readonly expr: string;
}

const file = fileURLToPath(new URL("span-alerts.yaml", import.meta.url));
const rules = parse(readFileSync(file, "utf8")) as {
  readonly groups: readonly { readonly name: string; readonly rules: readonly Rule[] }[];
};

let written = 0;

/** Spans that start now. */
function spansOf(service: string, name: string, count: number, seconds: number, code: number): TracesData {
  const start = BigInt(Date.now()) * 1_000_000n;
  const spans = Array.from({ length: count }, (): Span => {
    written++;
    return {
      traceId: written.toString(16).padStart(32, "0"),
      spanId: written.toString(16).padStart(16, "0"),
      name,
      kind: SpanKind.server,
      startTimeUnixNano: start,
      endTimeUnixNano: start + BigInt(seconds * 1e9),
      status: { code },
    };
  });
  const attributes = [{ key: "service.name", value: { stringValue: service } }];
  return { resourceSpans: [{ resource: { attributes }, scopeSpans: [{ spans }] }] };
}

describeWithPeer("prometheus", "A real Prometheus that scrapes the spans", (peer) => {
  const store = openMemoryStore();
  let folder = "";
  let face: HttpFace;
  let facePort = 0;
  let prometheus: RunningProgram | undefined;
  let url = "";

  beforeAll(async () => {
    if (!("command" in peer))
      throw new Error("Prometheus is started by the test: name a program, no address");
    face = createHttpFace(store);
    ({ port: facePort } = await face.listen());
    folder = mkdtempSync(join(tmpdir(), "spanstore-span-alerts-"));
    // As in the file, but that they fire at once.
    const groups = rules.groups.map((group) => ({
      ...group,
      rules: group.rules.map((rule) => ({ ...rule, for: "0s" })),
    }));
    writeFileSync(join(folder, "rules.yaml"), stringify({ groups }));
    const config = {
      global: { scrape_interval: "1s", evaluation_interval: "1s" },
      rule_files: [join(folder, "rules.yaml")],
      scrape_configs: [
        {
          job_name: "spans",
          metrics_path: "/metrics/spans",
          static_configs: [{ targets: [`127.0.0.1:${facePort}`] }],
        },
      ],
    };
    writeFileSync(join(folder, "prometheus.yaml"), stringify(config));
    const [port] = (await freePorts(1)) as [number];
    url = `http://127.0.0.1:${port}`;
    prometheus = startProgram(peer.command, [
      `--config.file=${join(folder, "prometheus.yaml")}`,
      `--storage.tsdb.path=${join(folder, "data")}`,
      `--web.listen-address=127.0.0.1:${port}`,
      "--enable-feature=exemplar-storage",
    ]);
  });

  afterAll(async () => {
    await prometheus?.stop();
    await face?.close();
    await store.close();
    if (folder !== "") rmSync(folder, { recursive: true, force: true });
  });

  async function ask<T>(path: string): Promise<T> {
    const answer = await fetch(`${url}/api/v1/${path}`);
    const { status, data } = (await answer.json()) as { status: string; data: T };
    expect(status).toBe("success");
    return data;
  }

  const untilPrometheus = <T>(what: string, about: () => Promise<T | undefined>): Promise<T> =>
    until(about, { what, timeoutMs: 60_000, output: prometheus?.output ?? (() => "") });

  it("fires the rules, and has exemplars", async () => {
    const { error, unset } = StatusCode;
    await store.write(spansOf("shop", "pay", 20, 0.1, unset));
    await store.write(spansOf("shop", "pay", 1, 0.1, error));
    await store.write(spansOf("cart", "add", 1, 3, unset));
    const calls = "traces_span_metrics_calls_total";
    await untilPrometheus("a scrape", async () => {
      const { result } = await ask<{ result: unknown[] }>(`query?query=${calls}`);
      return result.length === 3 ? true : undefined;
    });
    await store.write(spansOf("shop", "pay", 9, 0.1, error));
    await store.write(spansOf("cart", "add", 9, 3, unset));
    type Alert = { readonly state: string; readonly labels: Readonly<Record<string, string>> };
    const firing = await untilPrometheus("two alerts", async () => {
      const { alerts } = await ask<{ alerts: Alert[] }>("alerts");
      const found = alerts.filter(({ state }) => state === "firing");
      return found.length === 2 ? found : undefined;
    });
    const names = firing.map(({ labels }) => `${labels.alertname} ${labels.service_name}`);
    expect(names.sort()).toEqual(["OperationSlow cart", "ServiceFails shop"]);

    type Found = { readonly exemplars: readonly { readonly labels: { readonly trace_id: string } }[] };
    const query = `traces_span_metrics_duration_milliseconds_bucket{service_name="cart"}`;
    const range = `start=${Date.now() / 1000 - 600}&end=${Date.now() / 1000 + 60}`;
    const [found] = await ask<Found[]>(`query_exemplars?query=${encodeURIComponent(query)}&${range}`);
    const ids = found?.exemplars.map(({ labels }) => labels.trace_id) ?? [];
    expect(ids.length).toBeGreaterThan(0);
    for (const traceId of ids) {
      const trace = await fetch(`http://127.0.0.1:${facePort}/api/traces/${traceId}`);
      expect(await trace.text()).toContain('"serviceName":"cart"');
    }
  }, 120_000);

  it("and our own API answer the rules alike", async () => {
    for (const { expr } of rules.groups.flatMap((group) => group.rules)) {
      const path = `/api/v1/query?query=${encodeURIComponent(expr)}`;
      type Answer = { data: { result: { metric: unknown }[] } };
      const ours = (await (await fetch(`http://127.0.0.1:${facePort}${path}`)).json()) as Answer;
      const theirs = (await (await fetch(`${url}${path}`)).json()) as Answer;
      const metrics = ({ data }: Answer) => data.result.map(({ metric }) => metric);
      expect(metrics(ours)).toEqual(metrics(theirs));
      expect(metrics(ours)).toHaveLength(1);
    }
  });
});
