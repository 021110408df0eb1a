import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse, stringify } from "yaml";
import { cli } from "../../packages/cli/test/cli.js";
import { describeWithPeer } from "../../scripts/test-support/peers.js";
import {
  freePorts,
  type RunningProgram,
  startProgram,
  until,
  untilReady,
} from "../../scripts/test-support/processes.js";

const example = fileURLToPath(new URL("watches.yaml", import.meta.url));
const main = fileURLToPath(new URL("../../packages/cli/dist/main.js", import.meta.url));

describe("the example of watches", () => {
  it("is right", async () => {
    const { code, output } = await cli(["watch", "check", example]);
    expect([code, output]).toEqual([0, `${example}: 4 watches, 1 receivers\n`]);
  });
});

describeWithPeer("alertmanager", "A server with watches and a real Alertmanager", (peer) => {
  const folder = mkdtempSync(join(tmpdir(), "spanstore-watches-"));
  const file = join(folder, "watches.yaml");
  let alertmanager: RunningProgram;
  let server: RunningProgram;
  let urls = { alertmanager: "", http: "", admin: "", grpc: "" };

  const startServer = (): RunningProgram =>
    startProgram(
      [process.execPath, main],
      [
        "serve",
        `--sqlite.path=${join(folder, "spans.sqlite")}`,
        `--listen=${urls.grpc}`,
        `--http.listen=${urls.http.replace("http://", "")}`,
        `--admin=${urls.admin.replace("http://", "")}`,
        `--watch.file=${file}`,
        `--watch.alertmanager=${urls.alertmanager}`,
      ],
    );

  beforeAll(async () => {
    if (!("command" in peer)) throw new Error("the test starts Alertmanager: name a program, no address");
    const [first, second, third, fourth] = await freePorts(4);
    urls = {
      alertmanager: `http://127.0.0.1:${first}`,
      http: `http://127.0.0.1:${second}`,
      admin: `http://127.0.0.1:${third}`,
      grpc: `127.0.0.1:${fourth}`,
    };
    // The address of the Alertmanager is an option here.
    const { alertmanager: _elsewhere, ...content } = parse(readFileSync(example, "utf8"));
    writeFileSync(file, stringify(content));
    writeFileSync(
      join(folder, "alertmanager.yaml"),
      "route: { receiver: none }\nreceivers: [{ name: none }]\n",
    );
    alertmanager = startProgram(peer.command, [
      `--config.file=${join(folder, "alertmanager.yaml")}`,
      `--storage.path=${join(folder, "alertmanager")}`,
      `--web.listen-address=127.0.0.1:${first}`,
      "--cluster.listen-address=",
    ]);
    server = startServer();
    await untilReady(`${urls.alertmanager}/-/ready`, alertmanager);
    await untilReady(`${urls.admin}/readyz`, server);
  }, 60_000);

  afterAll(async () => {
    await server?.stop();
    await alertmanager?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const post = async (service: string, name: string, code: number, id: number): Promise<void> => {
    const now = BigInt(Date.now()) * 1_000_000n;
    const span = {
      traceId: id.toString(16).padStart(32, "0"),
      spanId: id.toString(16).padStart(16, "0"),
      name,
      kind: 2,
      startTimeUnixNano: String(now),
      endTimeUnixNano: String(now + 1_000_000n),
      status: { code },
      attributes: [{ key: "http.response.status_code", value: { intValue: "503" } }],
    };
    const attributes = [{ key: "service.name", value: { stringValue: service } }];
    const answer = await fetch(`${urls.http}/v1/traces`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({
        resourceSpans: [{ resource: { attributes }, scopeSpans: [{ spans: [span] }] }],
      }),
    });
    expect(answer.status).toBe(200);
  };

  interface Alert {
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations: Readonly<Record<string, string>>;
    readonly generatorURL: string;
  }
  const alertNamed = (name: string): Promise<Alert> =>
    until(
      async () => {
        const alerts = (await (await fetch(`${urls.alertmanager}/api/v2/alerts`)).json()) as Alert[];
        return alerts.find(({ labels }) => labels.alertname === name);
      },
      { what: name, timeoutMs: 60_000, output: () => server.output() },
    );

  it("sends alerts with the link of a span, follows its file, and survives a kill", async () => {
    await post("payment", "Charge", 2, 1);
    const alert = await alertNamed("PaymentFails");
    expect(alert.labels).toEqual({
      alertname: "PaymentFails",
      service: "payment",
      operation: "Charge",
      http_response_status_code: "503",
      severity: "page",
    });
    expect(alert.annotations.summary).toBe("Charge of payment fails");
    expect(alert.generatorURL).toBe(`${urls.http}/#/trace/${"1".padStart(32, "0")}`);

    writeFileSync(file, stringify({ watches: [{ name: "Returns", filter: '{ name = "Return" }' }] }));
    server.process.kill("SIGHUP");
    await until(async () => (server.output().includes("watching by the changed file") ? true : undefined), {
      what: "the changed file",
      timeoutMs: 60_000,
      output: () => server.output(),
    });
    // A file that is wrong changes nothing.
    writeFileSync(file, "watches: 3\n");
    server.process.kill("SIGHUP");
    await until(async () => (server.output().includes("cannot be used") ? true : undefined), {
      what: "the refused file",
      timeoutMs: 60_000,
      output: () => server.output(),
    });
    copyFileSync(example, join(folder, "kept.yaml"));
    await alertmanager.stop();
    await post("shop", "Return", 0, 2);
    server.process.kill("SIGKILL");
    await until(async () => (server.process.signalCode === "SIGKILL" ? true : undefined), {
      what: "its end",
    });
    writeFileSync(file, stringify({ watches: [{ name: "Returns", filter: '{ name = "Return" }' }] }));
    if (!("command" in peer)) return;
    alertmanager = startProgram(peer.command, [
      `--config.file=${join(folder, "alertmanager.yaml")}`,
      `--storage.path=${join(folder, "alertmanager")}`,
      `--web.listen-address=${urls.alertmanager.replace("http://", "")}`,
      "--cluster.listen-address=",
    ]);
    server = startServer();
    await untilReady(`${urls.admin}/readyz`, server);
    expect((await alertNamed("Returns")).labels.service).toBe("shop");
    const metrics = await (await fetch(`${urls.admin}/metrics`)).text();
    expect(metrics).toContain("\nspanstore_watch_firing 1\n");

    const tested = await cli(["watch", "test", join(folder, "kept.yaml"), `--server=${urls.grpc}`, "--json"]);
    expect(tested.errors).toEqual([]);
    const names = tested.output
      .trim()
      .split("\n")
      .map((line) => (JSON.parse(line) as { watch: string }).watch);
    expect(new Set(names)).toEqual(new Set(["PaymentFails", "TooManyErrors", "NoOrders"]));
    expect(tested.code).toBe(1);
  }, 180_000);
});
