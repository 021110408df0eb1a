import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { connectSpanStore } from "@spanstore/client";
import { describe, expect, it } from "vitest";
import { queryApi } from "../../packages/grpc-server/test/jaeger/jaeger2/query-api.js";
import { catalog } from "../../scripts/peers/locate.mjs";
import { describeWithPeer, describeWithPeers } from "../../scripts/test-support/peers.js";
import { until, untilReady } from "../../scripts/test-support/processes.js";
import { programsFor } from "../processes/programs.js";
import { sendTrace } from "../processes/send-trace.js";
import { startWorkloads } from "../processes/start-workloads.js";
import { composeFile, readCompose, workloadsOf } from "./workloads.js";

const compose = readCompose();
const { services, volumes } = compose;

describe("compose.yaml", () => {
  it("starts each service when what it needs is healthy", () => {
    const started = new Set<string>();
    for (const [name, { depends_on: needed = {} }] of Object.entries(services)) {
      for (const [other, { condition }] of Object.entries(needed)) {
        expect(started).toContain(other);
        expect(services[other]?.healthcheck).toBeDefined();
        expect(condition).toBe("service_healthy");
      }
      started.add(name);
    }
    expect([...started]).toEqual(["manticore", "spanstore", "jaeger-collector", "jaeger-query", "agent"]);
  });

  it("runs the versions that the tests run", () => {
    expect(services.manticore?.image).toBe(catalog.manticore?.docker);
    expect(services["jaeger-collector"]?.image).toBe(catalog.jaeger?.docker);
    expect(services["jaeger-query"]?.image).toBe(catalog.jaeger?.docker);
  });

  it("publishes ports on the loopback interface alone", () => {
    for (const port of Object.values(services).flatMap(({ ports = [] }) => ports)) {
      expect(port).toMatch(/^127\.0\.0\.1:(\d+):\1(\/udp)?$/);
    }
  });

  it("mounts existing files, and builds from the folder of the Dockerfile", () => {
    const folder = dirname(composeFile);
    for (const volume of Object.values(services).flatMap(({ volumes: mounted = [] }) => mounted)) {
      const [source = ""] = volume.split(":");
      expect(source.startsWith(".") ? existsSync(join(folder, source)) : source in volumes).toBe(true);
    }
    expect(existsSync(join(folder, services.spanstore?.build?.context ?? "", "Dockerfile"))).toBe(true);
  });

  it("has the agent of examples/kubernetes, but for what only Kubernetes can tell", () => {
    const lines = (path: string) =>
      readFileSync(new URL(path, import.meta.url), "utf8")
        .split("\n")
        .filter((line) => !line.trim().startsWith("#"));
    const onKubernetes = lines("../kubernetes/base/config/agent.yaml");
    const here = lines("agent.yaml");
    const only = onKubernetes.slice(
      onKubernetes.indexOf("  k8sattributes:"),
      onKubernetes.indexOf("        - k8s.node.name") + 1,
    );
    expect(only.length).toBeGreaterThan(5);
    expect(here).toEqual(
      onKubernetes
        .filter((line) => !only.includes(line) || here.includes(line))
        .map((line) => line.replace(", k8sattributes", "")),
    );
  });
});

describeWithPeer("compose-go", "compose.yaml", (peer) => {
  it("is what Compose's own loader takes", () => {
    if (!("command" in peer)) throw new Error("it is a program");
    const [program, ...before] = peer.command;
    const { status, stdout, stderr } = spawnSync(program, [...before, composeFile], { encoding: "utf8" });
    expect(stderr).toBe("");
    expect(status).toBe(0);
    for (const name of Object.keys(services)) expect(stdout).toContain(`\n    ${name}:\n`);
  });
});

describeWithPeers(["manticore", "jaeger"], "What compose.yaml runs", (located) => {
  it("takes spans at the agent and finds them in Jaeger, also when spanstore was away", async () => {
    const programs = programsFor(
      ["manticoresearch/manticore", "jaegertracing/jaeger", "otel/opentelemetry-collector-contrib"],
      located,
    );
    await using running = await startWorkloads(workloadsOf(compose), programs);
    const api = queryApi(running.portOf("jaeger-query", 16686));
    const agent = running.portOf("agent", 4318);
    const found = (id: string) =>
      until(async () => await api.trace(id), {
        what: "the trace",
        timeoutMs: 60_000,
        output: running.output,
      });

    const first = await sendTrace(agent, "composed");
    expect(await found(first)).toMatchObject([{ service: "composed", span: { name: "GET /" } }]);
    expect(await api.services()).toEqual(["composed"]);

    // The archive is the same servers'.
    await api.archive(first);
    await using archive = connectSpanStore(`127.0.0.1:${running.portOf("spanstore", 17271)}`, {
      metadata: { "spanstore-store": "archive" },
    });
    expect(await archive.getServices()).toEqual(["composed"]);

    await running.stop("spanstore");
    const second = await sendTrace(agent, "composed");
    await running.start("spanstore");
    await untilReady(
      `http://127.0.0.1:${running.portOf("spanstore", 17272)}/readyz`,
      running.program("spanstore"),
    );
    expect(await found(second)).toHaveLength(1);
  }, 180_000);
});
