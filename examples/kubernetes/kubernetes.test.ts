import { spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type ConnectOptions, connectSpanStore } from "@spanstore/client";
import { expect, it, onTestFinished } from "vitest";
import { parseDocument } from "yaml";
import { uiApi } from "../../packages/grpc-server/test/jaeger/jaeger1/query-api.js";
import { queryApi } from "../../packages/grpc-server/test/jaeger/jaeger2/query-api.js";
import { catalog, type LocatedPeer } from "../../scripts/peers/locate.mjs";
import { createAuthority, type Issued } from "../../scripts/test-support/certificates.js";
import {
  cleanUp,
  describeWithElasticsearch,
  freshPrefix,
  hookMillis,
  sharedElasticsearch,
} from "../../scripts/test-support/elasticsearch/elasticsearch.js";
import { describeWithPeers } from "../../scripts/test-support/peers.js";
import { programEnvironment, until } from "../../scripts/test-support/processes.js";
import { type Image, programsFor } from "../processes/programs.js";
import { sendTrace } from "../processes/send-trace.js";
import { startWorkloads } from "../processes/start-workloads.js";
import type { Workload } from "../processes/workload.js";
import { callsOf } from "./network-problems.js";
import { type KubernetesObject, objectsOf, workloadsAmong } from "./objects.js";
import { problemsOf } from "./problems.js";
import { workloadsOf } from "./workloads.js";

const kustomizations = ["base", "overlays/elasticsearch", "overlays/jaeger-1", "overlays/secured"] as const;

function run(located: LocatedPeer, args: readonly string[]): string {
  if (!("command" in located)) throw new Error("it is a program");
  const [program, ...before] = located.command;
  const { status, stdout, stderr } = spawnSync(program, [...before, ...args], {
    encoding: "utf8",
    maxBuffer: 2 ** 26,
  });
  if (status !== 0) throw new Error(`${program} ${args.join(" ")}\n${stdout}${stderr}`);
  return stdout;
}

const built = new Map<string, string>();

function rendered(kustomize: LocatedPeer, name: string): string {
  const text = built.get(name) ?? run(kustomize, ["build", fileURLToPath(new URL(name, import.meta.url))]);
  built.set(name, text);
  return text;
}

describeWithPeers(
  ["kustomize", "kubernetes-validate"],
  "The manifests, as kustomize builds them",
  (located) => {
    it.each(kustomizations)("are what Kubernetes' schemas take, with no field unknown: %s", (name) => {
      const folder = mkdtempSync(join(tmpdir(), "spanstore-kubernetes-"));
      onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
      const file = join(folder, "objects.yaml");
      const text = rendered(located("kustomize"), name);
      writeFileSync(file, text);
      const said = run(located("kubernetes-validate"), ["--strict", file]);
      expect(said.match(/ passed for resource /g)).toHaveLength(objectsOf(text).length);
      if (name !== "base") return;
      // A field that is misspelt does not pass.
      writeFileSync(file, text.replace("runAsNonRoot", "runAsNonroot"));
      expect(() => run(located("kubernetes-validate"), ["--strict", file])).toThrow("runAsNonroot");
    });
  },
);

describeWithPeers(["kustomize"], "The objects that kustomize builds", (located) => {
  const objects = (name: string) => objectsOf(rendered(located("kustomize"), name));

  it.each(kustomizations)("refer to each other, are bounded and careful: %s", (name) => {
    // Only the Secret that its user makes is missing.
    const missing = name === "overlays/secured" ? ["spanstore-tls", "jaeger-tls"] : [];
    for (const secret of missing)
      expect(problemsOf(objects(name)).join("\n")).toContain(`there is no Secret ${secret}`);
    const made = missing.map((secret) => secretOf(secret, {}));
    expect(problemsOf([...objects(name), ...made])).toEqual([]);
  });

  it("call each other as they are meant to", () => {
    const calls = (name: string) =>
      callsOf(objects(name))
        .map(({ from, host, port }) => `${from.metadata.name} -> ${host}:${port}`)
        .sort();
    const jaeger = [
      "agent -> jaeger-collector:4317",
      "jaeger-collector -> spanstore:17271",
      "jaeger-query -> spanstore:17271",
    ];
    expect(calls("base")).toEqual([...jaeger, "spanstore -> manticore:9306"]);
    expect(calls("overlays/elasticsearch")).toEqual([...jaeger, "spanstore -> elasticsearch:9200"]);
    expect(calls("overlays/secured")).toEqual(calls("base"));
    expect(calls("overlays/jaeger-1")).toEqual([
      ...jaeger,
      "jaeger-query -> spanstore:17273",
      "spanstore -> manticore:9306",
    ]);
  });

  it("leave nothing of what an overlay replaces", () => {
    expect(JSON.stringify(objects("overlays/elasticsearch"))).not.toMatch(/manticore/i);
    expect(JSON.stringify(objects("overlays/jaeger-1"))).not.toContain("jaegertracing/jaeger:");
  });

  it("are the versions that the tests run", () => {
    const images = kustomizations.flatMap((name) =>
      workloadsAmong(objects(name)).flatMap(({ spec }) =>
        spec.template.spec.containers.map(({ image }) => image),
      ),
    );
    const tried = Object.values(catalog).flatMap(({ docker }) => docker ?? []);
    const others = /^(registry\.example\.com\/|docker\.elastic\.co\/)/;
    for (const image of new Set(images)) if (!others.test(image)) expect(tried).toContain(image);
  });

  // The checks above say nothing of sound manifests: here they must find something.
  it.each<[what: string, spoil: (text: string) => string, problem: RegExp]>([
    ["a port's name", (text) => text.replaceAll("port: mysql", "port: sql"), /asks the port sql/],
    [
      "a service's port",
      (text) => text.replace("targetPort: grpc", "targetPort: rpc"),
      /Service .* no port rpc/,
    ],
    [
      "a label",
      (text) =>
        text.replace(
          /(template:\s+metadata:(?:\s+annotations:(?:\s+prom.*)*)?\s+labels:\s+app.kubernetes.io\/name: )spanstore/,
          "$1other",
        ),
      /Deployment spanstore: its selector/,
    ],
    [
      "a file's address",
      (text) => text.replaceAll("dns:///jaeger-collector:4317", "dns:///jaeger:4317"),
      /agent calls jaeger:4317: no Service/,
    ],
    [
      "a policy's peer",
      (text) => text.replace(/(- port: grpc[\s\S]*?)(- port: mysql)/, "$1- port: http"),
      /no policy lets it/,
    ],
    ["a root user", (text) => text.replace("runAsNonRoot: true", "runAsNonRoot: false"), /may run as root/],
    ["a bound", (text) => text.replace(/limits:\s+memory: \w+/, "limits: {}"), /not bounded/],
    ["replicas", (text) => text.replace("replicas: 2", "replicas: 1"), /no pod may ever go/],
    [
      "a config map",
      (text) => text.replace(/configMap:\s+name: agent-\w+/, "configMap: {name: agent}"),
      /there is no ConfigMap agent/,
    ],
    [
      "an account",
      (text) => text.replace("serviceAccountName: agent", "serviceAccountName: agents"),
      /no ServiceAccount agents/,
    ],
  ])("are seen through where %s is wrong", (_, spoil, problem) => {
    const text = rendered(located("kustomize"), "base");
    const spoilt = spoil(text);
    expect(spoilt).not.toBe(text);
    expect(problemsOf(objectsOf(spoilt)).join("\n")).toMatch(problem);
  });
});

describeWithPeers(["otelcol-contrib"], "The agent's configuration", (located) => {
  it("is one that the OpenTelemetry collector takes", () => {
    const peer = located("otelcol-contrib");
    if (!("command" in peer)) throw new Error("it is a program");
    const [program, ...before] = peer.docker
      ? peer.command.toSpliced(-1, 0, "--env=KUBE_NODE_NAME")
      : peer.command;
    const folder = mkdtempSync(join(tmpdir(), "spanstore-agent-"));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    chmodSync(folder, 0o755);
    for (const file of ["base/config/agent.yaml", "../compose/agent.yaml"]) {
      const path = join(folder, "agent.yaml");
      copyFileSync(new URL(file, import.meta.url), path);
      const { status, stderr } = spawnSync(program as string, [...before, "validate", "--config", path], {
        env: { ...process.env, KUBE_NODE_NAME: "here" },
        encoding: "utf8",
      });
      expect(stderr).toBe("");
      expect(status).toBe(0);
    }
  });
});

/** A Secret, as a user of an overlay that names one makes it. */
function secretOf(name: string, contents: Readonly<Record<string, string>>): KubernetesObject {
  const data = Object.fromEntries(
    Object.entries(contents).map(([key, text]) => [key, Buffer.from(text).toString("base64")]),
  );
  return { apiVersion: "v1", kind: "Secret", metadata: { name, namespace: "tracing" }, data };
}

const images: Readonly<Record<string, readonly Image[]>> = {
  base: ["manticoresearch/manticore", "jaegertracing/jaeger", "otel/opentelemetry-collector-contrib"],
  "overlays/jaeger-1": [
    "manticoresearch/manticore",
    "jaegertracing/jaeger-collector",
    "jaegertracing/jaeger-query",
    "otel/opentelemetry-collector-contrib",
  ],
};

/** Pods ask Kubernetes which pod a span came from; here there is no Kubernetes, nor a collector that could ask. */
function withoutKubernetes(workload: Workload): Workload {
  const files = workload.files.map(({ path, content }) => {
    const document = parseDocument(content);
    if (!document.hasIn(["processors", "k8sattributes"])) return { path, content };
    document.deleteIn(["processors", "k8sattributes"]);
    const processors = document.getIn(["service", "pipelines", "traces", "processors"], true) as {
      toJSON(): string[];
    };
    const others = processors.toJSON().filter((name) => name !== "k8sattributes");
    document.setIn(["service", "pipelines", "traces", "processors"], others);
    return { path, content: String(document) };
  });
  return { ...workload, files };
}

describeWithPeers(["kustomize", "manticore", "jaeger"], "What the base runs, as processes", (located) => {
  it("takes spans at the agent and finds them in Jaeger 2", async () => {
    const workloads = workloadsOf(objectsOf(rendered(located("kustomize"), "base"))).map(withoutKubernetes);
    await using running = await startWorkloads(workloads, programsFor(images.base ?? [], located));
    const api = queryApi(running.portOf("jaeger-query", 16686));
    const id = await sendTrace(running.portOf("agent", 4318), "clustered");
    const trace = await until(() => api.trace(id), {
      what: "the trace",
      timeoutMs: 60_000,
      output: running.output,
    });
    expect(trace).toMatchObject([{ service: "clustered", span: { name: "GET /" } }]);
  }, 180_000);
});

describeWithPeers(
  ["kustomize", "manticore", "jaeger", "jaeger-1.76-collector", "jaeger-1.76-query"],
  "What the overlay with Jaeger 1 runs, as processes",
  (located) => {
    it("takes spans at the agent, finds them in Jaeger 1, and archives", async () => {
      const workloads = workloadsOf(objectsOf(rendered(located("kustomize"), "overlays/jaeger-1")));
      const programs = programsFor(images["overlays/jaeger-1"] ?? [], located);
      await using running = await startWorkloads(workloads.map(withoutKubernetes), programs);
      const api = uiApi(running.portOf("jaeger-query", 16686));
      const id = await sendTrace(running.portOf("agent", 4318), "clustered");
      const trace = await until(() => api.trace(id), {
        what: "the trace",
        timeoutMs: 60_000,
        output: running.output,
      });
      expect(trace).toMatchObject([{ service: "clustered", operationName: "GET /" }]);
      await api.archive(id);
    }, 180_000);
  },
);

describeWithPeers(
  ["kustomize", "manticore", "jaeger"],
  "What the overlay with TLS and tokens runs, as processes",
  (located) => {
    it("takes spans at the agent, finds them in Jaeger 2, and lets no other client in", async () => {
      const authority = createAuthority();
      onTestFinished(authority.remove);
      // Processes call each other by the address of the loopback interface, pods by the Service's name.
      const server = authority.issue("spanstore", "DNS:spanstore", "IP:127.0.0.1");
      const client = authority.issue("jaeger");
      const certificates = ({ certFile, keyFile }: Issued) => ({
        "tls.crt": readFileSync(certFile, "utf8"),
        "tls.key": readFileSync(keyFile, "utf8"),
        "ca.crt": authority.ca,
      });
      const objects = [
        ...objectsOf(rendered(located("kustomize"), "overlays/secured")),
        secretOf("spanstore-tls", certificates(server)),
        secretOf("jaeger-tls", certificates(client)),
      ];
      const workloads = workloadsOf(objects).map(withoutKubernetes);
      await using running = await startWorkloads(workloads, programsFor(images.base ?? [], located));
      const api = queryApi(running.portOf("jaeger-query", 16686));
      const id = await sendTrace(running.portOf("agent", 4318), "secured");
      const trace = await until(() => api.trace(id), {
        what: "the trace",
        timeoutMs: 60_000,
        output: running.output,
      });
      expect(trace).toMatchObject([{ service: "secured", span: { name: "GET /" } }]);

      const tokenOf = (host: string) =>
        workloads.find((each) => each.host === host)?.env.SPANSTORE_TOKEN ?? "";
      const [collector, query] = [tokenOf("jaeger-collector"), tokenOf("jaeger-query")];
      const { "tls.crt": cert, "tls.key": key } = certificates(client);
      const answerTo = async (options: ConnectOptions) => {
        await using store = connectSpanStore(`127.0.0.1:${running.portOf("spanstore", 17271)}`, options);
        return store.getServices().catch(({ code }: { code: string }) => code);
      };
      const tls = { ca: authority.ca, cert, key };
      expect(await answerTo({ tls, token: query })).toEqual(["secured"]);
      expect(await answerTo({ tls, token: collector })).toBe("PERMISSION_DENIED");
      expect(await answerTo({ tls })).toBe("UNAUTHENTICATED");
      expect(await answerTo({ tls: { ca: authority.ca }, token: query })).toBe("STORE_UNAVAILABLE");
      expect(await answerTo({ token: query })).toBe("STORE_UNAVAILABLE");
    }, 180_000);
  },
);

describeWithPeers(["kustomize"], "The overlay with Elasticsearch", (located) => {
  it("configures the server as it means to", () => {
    const objects = objectsOf(rendered(located("kustomize"), "overlays/elasticsearch"));
    const server = workloadsOf(objects).find(({ host }) => host === "spanstore");
    const program = programsFor([], located).spanstore as readonly [string, ...string[]];
    const { status, stdout } = spawnSync(
      program[0],
      [...program.slice(1), ...(server?.args ?? []), "--print-config"],
      {
        env: { ...programEnvironment(), ...server?.env },
        encoding: "utf8",
      },
    );
    expect(status).toBe(0);
    expect(stdout).toContain("backend: elasticsearch\n");
    expect(server?.env.SPANSTORE_ELASTICSEARCH_URL).toBe("http://elastic:change0me@elasticsearch:9200");
    expect(stdout).toContain("http://elastic:***@elasticsearch:9200");
  });
});

describeWithElasticsearch("What the overlay with Elasticsearch runs, as processes", (way) => {
  describeWithPeers(["kustomize", "jaeger"], "before an Elasticsearch that runs", (located) => {
    it(
      "takes spans at the agent and finds them in Jaeger 2",
      async () => {
        const server = await sharedElasticsearch(way);
        const prefix = freshPrefix();
        onTestFinished(() => cleanUp(way, server, [prefix]));
        const workloads = workloadsOf(objectsOf(rendered(located("kustomize"), "overlays/elasticsearch")))
          .filter(({ host }) => host !== "elasticsearch")
          .map(withoutKubernetes)
          .map((workload) => ({
            ...workload,
            env: { ...workload.env, SPANSTORE_ELASTICSEARCH_PREFIX: prefix },
          }));
        const programs = programsFor(
          ["jaegertracing/jaeger", "otel/opentelemetry-collector-contrib"],
          located,
        );
        const elsewhere = { "elasticsearch:9200": new URL(server.url).host };
        await using running = await startWorkloads(workloads, programs, elsewhere);
        const api = queryApi(running.portOf("jaeger-query", 16686));
        const id = await sendTrace(running.portOf("agent", 4318), "clustered");
        const trace = await until(() => api.trace(id), {
          what: "the trace",
          timeoutMs: 60_000,
          output: running.output,
        });
        expect(trace).toMatchObject([{ service: "clustered", span: { name: "GET /" } }]);
      },
      hookMillis,
    );
  });
});
