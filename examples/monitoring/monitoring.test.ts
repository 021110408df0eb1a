import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { parse, stringify } from "yaml";
import { createAuthority } from "../../scripts/test-support/certificates.js";
import { describeWithPeer } from "../../scripts/test-support/peers.js";
import { freePorts, startProgram, until } from "../../scripts/test-support/processes.js";
import { selectionsOf } from "./promql.js";

const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const main = here("../../packages/cli/dist/main.js");

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly summary: string; readonly description: string };
}

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly targets?: readonly { readonly expr: string }[];
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
}

const { groups } = parse(readFileSync(here("alerts.yaml"), "utf8")) as {
  groups: readonly { readonly rules: readonly Rule[] }[];
};
const rules = groups.flatMap((group) => group.rules);
const dashboard = JSON.parse(readFileSync(here("dashboard.json"), "utf8")) as {
  panels: readonly Panel[];
  templating: { list: readonly { readonly name: string; readonly definition?: string }[] };
};
/** Grafana puts in the variables; here they stand for themselves. */
const expressionsOfDashboard = dashboard.panels
  .flatMap(({ targets = [] }) => targets.map(({ expr }) => expr))
  .map((expr) => expr.replaceAll("$__rate_interval", "5m").replaceAll("$__range", "3h"));
const expressions = [...rules.map(({ expr }) => expr), ...expressionsOfDashboard];

/** Every metric that a real server exposes: its name, and the labels of its series so far. */
async function exposedMetrics(): Promise<Map<string, Set<string>>> {
  const authority = createAuthority();
  const folder = mkdtempSync(join(tmpdir(), "spanstore-monitoring-"));
  const { certFile, keyFile } = authority.issue("server", "DNS:localhost", "IP:127.0.0.1");
  const [listen, admin] = (await freePorts(2)) as [number, number];
  const program = startProgram(
    [process.execPath, main],
    [
      `--sqlite.path=${join(folder, "spans.sqlite")}`,
      `--listen=127.0.0.1:${listen}`,
      `--admin=127.0.0.1:${admin}`,
      `--tls.cert-file=${certFile}`,
      `--tls.key-file=${keyFile}`,
    ],
  );
  const get = (path: string): Promise<string | undefined> =>
    new Promise((resolve, reject) => {
      const sent = request(`https://127.0.0.1:${admin}${path}`, { ca: authority.ca }, (response) => {
        text(response).then((body) => resolve(response.statusCode === 200 ? body : undefined), reject);
      });
      sent.on("error", reject).end();
    });
  try {
    await until(() => get("/readyz"), { what: "the server", output: program.output });
    const metrics = await get("/metrics");
    const found = new Map<string, Set<string>>();
    for (const [, name = "", type] of metrics?.matchAll(/^# TYPE (\S+) (\S+)$/gm) ?? []) {
      const suffixes = type === "histogram" ? ["_bucket", "_count", "_sum"] : [""];
      for (const suffix of suffixes) found.set(`${name}${suffix}`, new Set());
    }
    for (const [, name = "", labels = ""] of metrics?.matchAll(/^([a-z_]+)\{(.*)\} /gm) ?? []) {
      for (const [, label = ""] of labels.matchAll(/(\w+)="/g)) found.get(name)?.add(label);
    }
    return found;
  } finally {
    await program.stop();
    authority.remove();
    rmSync(folder, { recursive: true, force: true });
  }
}

describe("alerts and dashboard", () => {
  let exposed: Map<string, Set<string>>;
  beforeAll(async () => {
    exposed = await exposedMetrics();
  });

  it("read what a server exposes, by labels that it has", () => {
    expect(expressions.length).toBeGreaterThan(30);
    for (const { metric, labels } of expressions.flatMap(selectionsOf)) {
      expect([...exposed.keys()]).toContain(metric);
      const has = exposed.get(metric) ?? new Set();
      // Scraping adds the first two; the third is there when an archive is.
      const others = new Set(["job", "instance", "store"]);
      // A metric that counted nothing yet shows no labels.
      if (has.size > 0) expect(labels.filter((name) => !has.has(name) && !others.has(name))).toEqual([]);
    }
  });

  it("show everything that is spanstore's own", () => {
    const shown = new Set(expressionsOfDashboard.flatMap(selectionsOf).map(({ metric }) => metric));
    const own = [...exposed.keys()].filter((name) => name.startsWith("spanstore_"));
    // When it ran last is for the alerts.
    const unseen = own.filter((name) => !shown.has(name));
    expect(unseen).toEqual(["spanstore_retention_last_success_timestamp_seconds"]);
    const alerted = new Set(rules.flatMap(({ expr }) => selectionsOf(expr)).map(({ metric }) => metric));
    for (const name of unseen) expect([...alerted]).toContain(name);
  });

  it("are seen through when they are no PromQL", () => {
    expect(() => selectionsOf("rate(spanstore_ready[5m]")).toThrow("no PromQL");
  });
});

describe("the alerts", () => {
  it("have names of their own, a severity, and say what to do", () => {
    expect(new Set(rules.map(({ alert }) => alert)).size).toBe(rules.length);
    for (const { labels, annotations } of rules) {
      expect(["warning", "critical"]).toContain(labels.severity);
      expect(annotations.summary).toContain("$labels.instance");
      expect(annotations.description.length).toBeGreaterThan(20);
    }
  });

  it("name commands and options that the server has", () => {
    const said = rules.flatMap(({ annotations }) => annotations.description);
    const help = spawnSync(process.execPath, [main, "--help"], { encoding: "utf8" }).stdout;
    const options = said.flatMap((text) => text.match(/--[a-z][a-z.-]*[a-z]/g) ?? []);
    const own = ["--dry-run"];
    expect(options.length).toBeGreaterThan(3);
    for (const option of options) if (!own.includes(option)) expect(help).toContain(option);
    for (const [, command = ""] of said.join("\n").matchAll(/`spanstore (\w+)/g)) {
      expect(spawnSync(process.execPath, [main, command, "--help"]).status).toBe(0);
    }
  });
});

describe("the dashboard", () => {
  it("has panels of their own ids, none over another", () => {
    const { panels } = dashboard;
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    const taken = new Set<string>();
    for (const { gridPos, title } of panels) {
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x += 1) {
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y += 1) {
          expect(x, title).toBeLessThan(24);
          expect(taken, title).not.toContain(`${x},${y}`);
          taken.add(`${x},${y}`);
        }
      }
    }
  });

  it("uses the variables that it has", () => {
    const names = dashboard.templating.list.map(({ name }) => name);
    const used = JSON.stringify(dashboard).matchAll(/\$\{?([a-z]\w*)\}?/g);
    for (const [, name] of used) expect(names).toContain(name);
  });
});

describeWithPeer("promtool", "Prometheus's own tool", (peer) => {
  const promtool = (...args: string[]) => {
    if (!("command" in peer)) throw new Error("promtool is a program");
    const [program, ...before] = peer.command;
    return spawnSync(program, [...before, ...args], { encoding: "utf8" });
  };

  it("takes the rules, and sees each alert fire when it should and not otherwise", () => {
    const checked = promtool("check", "rules", here("alerts.yaml"));
    expect(checked.stdout).toContain(`SUCCESS: ${rules.length} rules found`);
    const tested = promtool("test", "rules", here("alerts.test.yaml"));
    expect(tested.stdout + tested.stderr).toContain("SUCCESS");
    expect(tested.status).toBe(0);
    const { tests } = parse(readFileSync(here("alerts.test.yaml"), "utf8")) as {
      tests: { name: string; alert_rule_test: { alertname: string; exp_alerts: unknown[] }[] }[];
    };
    const outcomes = tests.flatMap(({ alert_rule_test: all }) => all);
    for (const { alert } of rules) {
      const counts = outcomes
        .filter((outcome) => outcome.alertname === alert)
        .map((outcome) => outcome.exp_alerts.length);
      expect(counts.sort(), alert).toEqual([0, 1]);
    }
  }, 120_000);

  it("takes what the dashboard asks", () => {
    const folder = mkdtempSync(join(tmpdir(), "spanstore-monitoring-"));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const file = join(folder, "rules.yaml");
    const recorded = expressionsOfDashboard.map((expr, i) => ({ record: `panel_${i}`, expr }));
    writeFileSync(file, stringify({ groups: [{ name: "dashboard", rules: recorded }] }));
    const { status, stdout, stderr } = promtool("check", "rules", file);
    expect(stdout + stderr).toContain(`SUCCESS: ${recorded.length} rules found`);
    expect(status).toBe(0);
  });
});
