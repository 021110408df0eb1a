import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { describeWithPeer } from "../../../scripts/test-support/peers.js";
import {
  freePorts,
  type RunningProgram,
  startProgram,
  until,
  untilReady,
} from "../../../scripts/test-support/processes.js";
import { type Hook, startBench, startHook, tracesOf } from "./harness.js";

interface Shown {
  readonly labels: Readonly<Record<string, string>>;
  readonly generatorURL: string;
  readonly status: { readonly state: string };
}

describeWithPeer("alertmanager", "A real Alertmanager", (peer) => {
  let folder = "";
  let hook: Hook;
  let alertmanager: RunningProgram;
  let url = "";

  beforeAll(async () => {
    if (!("command" in peer)) throw new Error("the test starts Alertmanager: name a program, no address");
    folder = mkdtempSync(join(tmpdir(), "spanstore-alertmanager-"));
    hook = await startHook();
    const config = `
route: { receiver: hook, group_by: ["..."], group_wait: 0s, group_interval: 1s, repeat_interval: 1h }
receivers: [{ name: hook, webhook_configs: [{ url: "${hook.url}", send_resolved: true }] }]
`;
    writeFileSync(join(folder, "alertmanager.yaml"), config);
    const [port] = (await freePorts(1)) as [number];
    url = `http://127.0.0.1:${port}`;
    alertmanager = startProgram(peer.command, [
      `--config.file=${join(folder, "alertmanager.yaml")}`,
      `--storage.path=${join(folder, "data")}`,
      `--web.listen-address=127.0.0.1:${port}`,
      "--cluster.listen-address=",
    ]);
    await untilReady(`${url}/-/ready`, alertmanager);
  }, 60_000);

  afterAll(async () => {
    await alertmanager?.stop();
    await hook?.[Symbol.asyncDispose]();
    if (folder !== "") rmSync(folder, { recursive: true, force: true });
  });

  const untilTaken = (what: string): Promise<true> =>
    until(async () => (hook.taken.includes(what) ? true : undefined), {
      what,
      timeoutMs: 60_000,
      output: alertmanager.output,
    });
  const shown = async (): Promise<Shown[]> => (await (await fetch(`${url}/api/v2/alerts`)).json()) as Shown[];

  it("passes alerts on once, silences them, and hears of their end", async () => {
    const link = "http://page/trace/{traceId}";
    const watch = { name: "Errors", filter: "{ status = error }", keep_firing: "10s" };
    // Alertmanager takes no end that lies ahead of its own clock.
    const now = Date.now() - 60_000;
    await using bench = await startBench({ alertmanager: url, link, watches: [watch] }, { now });
    const failing = (service: string) => tracesOf({ service, error: true, at: bench.now() });

    await bench.watched.write(failing("shop"));
    await bench.after(0);
    await untilTaken("firing Errors shop");
    const [alert] = await shown();
    expect(alert?.labels).toEqual({ alertname: "Errors", service: "shop" });
    expect(alert?.generatorURL).toMatch(/^http:\/\/page\/trace\/[0-9a-f]{32}$/);
    await bench.watched.write(failing("shop"));
    await bench.after(500);

    const silence = {
      matchers: [{ name: "service", value: "cart", isRegex: false, isEqual: true }],
      startsAt: new Date(now - 60_000).toISOString(),
      endsAt: new Date(now + 600_000).toISOString(),
      createdBy: "test",
      comment: "planned",
    };
    const answer = await fetch(`${url}/api/v2/silences`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(silence),
    });
    expect(answer.status).toBe(200);
    await bench.watched.write(failing("cart"));
    await bench.after(0);
    await until(
      async () => ((await shown()).some(({ status }) => status.state === "suppressed") ? true : undefined),
      { what: "a silenced alert", timeoutMs: 60_000, output: alertmanager.output },
    );

    await bench.after(11_000);
    await untilTaken("resolved Errors shop");
    expect(hook.taken).toEqual(["firing Errors shop", "resolved Errors shop"]);
    expect(bench.failures).toEqual([]);
  }, 120_000);
});
