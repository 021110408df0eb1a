import {
  type Finding,
  findingsOf,
  formatSize,
  ok,
  problem,
  problemOf,
  warning,
} from "@spanstore/core/engine";
import { type Client, createClient } from "../connection/client.js";
import { failureOf, storeError } from "../connection/errors.js";
import { checkOptions, type ElasticsearchOptions, type Settings } from "../options.js";
import { listIndices, sizesOf } from "../schema/catalog.js";
import { lookAtNamespace, type NamespaceFound, windowDifferences } from "../schema/namespace.js";
import { createNaming, type Naming } from "../schema/naming.js";
import { createWindows } from "../schema/windows.js";
import { checkHealth } from "./health.js";
import { durabilityFindings, foreignFindings, nameFindings } from "./losses.js";

/** The versions that the tests run on. */
const triedVersions: readonly string[] = ["9.5"];
const supportedMajors = [8, 9];
/** Elasticsearch's own watermarks: beyond the first it allocates no shards to the node, beyond the last it blocks writes. */
const littleRoom = 0.15;
const noRoom = 0.05;
const muchHeap = 0.9;
const maxClockSeconds = 5;
/** A node accepts 1000 by default. */
const manyShards = 800;
/** A diagnosis reports the first failure. */
const retryMillis = 0;

/**
 * Checks a store's cluster and indices, and changes nothing. Each finding says what to do about it.
 * @throws INVALID_OPTIONS naming the option; every other failure is a finding.
 */
export async function diagnoseElasticsearch(options: ElasticsearchOptions): Promise<readonly Finding[]> {
  const settings = checkOptions({ ...options, retryMillis });
  const addresses = await Promise.all(settings.nodes.map((node) => addressFindings(settings, node)));
  if (addresses.every(({ level }) => level === "problem")) return addresses;
  // One address that answers is enough.
  const findings: Finding[] = addresses.map((each) =>
    each.level === "problem" ? { ...each, level: "warning" } : each,
  );
  const client = createClient(settings);
  try {
    findings.push(...(await within("nodes", () => nodeFindings(client))));
    findings.push(...(await within("store", () => storeFindings(client, settings))));
  } finally {
    await client.close();
  }
  return findings;
}

function within(subject: string, look: () => Promise<readonly Finding[]>): Promise<readonly Finding[]> {
  return findingsOf(subject, look, storeError);
}

async function addressFindings(settings: Settings, node: URL): Promise<Finding> {
  const client = createClient({ ...settings, nodes: [node] });
  try {
    await client.request({ method: "GET", path: "/_cluster/health", query: { filter_path: "status" } });
    return ok("address", `${node.origin} answers`);
  } catch (error) {
    const found = problemOf("address", storeError(error, "cannot look at address"));
    return { ...found, text: `${node.origin}: ${found.text}` };
  } finally {
    await client.close();
  }
}

interface NodeInfo {
  readonly name: string;
  readonly version: string;
}

interface NodeStats {
  readonly name: string;
  /** Milliseconds since the epoch. */
  readonly timestamp: number;
  readonly jvm?: { readonly mem?: { readonly heap_used_percent?: number } };
  readonly fs?: {
    readonly total?: { readonly total_in_bytes?: number; readonly available_in_bytes?: number };
  };
}

async function nodeFindings(client: Client): Promise<readonly Finding[]> {
  const { nodes = {} } = await client.request<{ nodes?: Readonly<Record<string, NodeInfo>> }>({
    method: "GET",
    path: "/_nodes/_all/os",
    query: { filter_path: "nodes.*.name,nodes.*.version" },
  });
  const before = Date.now();
  const { nodes: stats = {} } = await client.request<{ nodes?: Readonly<Record<string, NodeStats>> }>({
    method: "GET",
    path: "/_nodes/stats/fs,jvm",
    query: {
      filter_path: "nodes.*.name,nodes.*.timestamp,nodes.*.jvm.mem.heap_used_percent,nodes.*.fs.total",
    },
  });
  const after = Date.now();
  return [
    ...Object.values(nodes).map(versionFinding),
    ...Object.values(stats).flatMap((node) => [
      ...roomFindings(node),
      ...heapFindings(node),
      ...clockFindings(node, before, after),
    ]),
  ];
}

function versionFinding({ name, version }: NodeInfo): Finding {
  const subject = "version";
  const text = `${name} is ${version}`;
  if (triedVersions.some((tried) => version.startsWith(`${tried}.`))) return ok(subject, text);
  if (!supportedMajors.includes(Number.parseInt(version, 10))) {
    const advice = `use one of ${supportedMajors.join(", ")}`;
    return problem(subject, `${text}, which is not supported`, advice);
  }
  return ok(subject, `${text}; tried was ${triedVersions.join(", ")}`);
}

function roomFindings({ name, fs }: NodeStats): Finding[] {
  const { total_in_bytes: total = 0, available_in_bytes: available = 0 } = fs?.total ?? {};
  if (total === 0) return [];
  const text = `${name} has ${formatSize(available)} of ${formatSize(total)} left`;
  const share = available / total;
  if (share >= littleRoom) return [ok("disk", text)];
  const level = share < noRoom ? "problem" : "warning";
  return [{ level, subject: "disk", text, advice: "add space, or keep spans for a shorter time" }];
}

function heapFindings({ name, jvm }: NodeStats): Finding[] {
  const used = (jvm?.mem?.heap_used_percent ?? 0) / 100;
  if (used < muchHeap) return [];
  const text = `${name} uses ${Math.round(used * 100)} % of its heap`;
  return [warning("heap", text, "give the node more memory")];
}

function clockFindings({ name, timestamp }: NodeStats, before: number, after: number): Finding[] {
  // The node read its clock between the two.
  const seconds = Math.max(before - timestamp, timestamp - after, 0) / 1_000;
  if (seconds <= maxClockSeconds) return [ok("clock", `${name} agrees with ours`)];
  const text = `${name}'s clock is ${seconds.toFixed(0)} s from ours`;
  return [warning("clock", text, "let both follow a time server")];
}

async function storeFindings(client: Client, settings: Settings): Promise<readonly Finding[]> {
  const space = await lookAtNamespace(client, settings.prefix);
  if (space === undefined) {
    const text = `there are no indices ${settings.prefix}* yet; they are made when they are used`;
    return [ok("indices", text)];
  }
  const now = BigInt(Date.now()) * 1_000_000n;
  const naming = createNaming(
    settings.prefix,
    createWindows(space.window ?? settings.window, () => now),
  );
  return [
    ...controlFindings(naming, space),
    ...windowDifferences(settings.window, space.window ?? settings.window),
    ...(await within("health", () => healthFindings(client, naming, now))),
    ...(await within("template", () => templateFindings(client, naming))),
    ...(await within("indices", () => foreignFindings(client, naming))),
    ...(await within("translog", () => durabilityFindings(client, naming))),
    ...(await within("names", () => nameFindings(client, naming))),
    ...(await indexFindings(client, naming)),
  ];
}

interface ClusterHealth {
  readonly status: string;
  readonly unassigned_shards: number;
  readonly active_shards: number;
  readonly number_of_data_nodes: number;
}

async function healthFindings(client: Client, naming: Naming, now: bigint): Promise<readonly Finding[]> {
  await checkHealth(client, naming, now);
  const healthOf = (path: string): Promise<ClusterHealth> =>
    client.request<ClusterHealth>({ method: "GET", path: `/_cluster/health${path}` });
  const own = await healthOf(`/${naming.everything}`);
  const findings: Finding[] = [];
  if (own.unassigned_shards > 0) {
    findings.push(
      warning(
        "health",
        `the indices are ${own.status}: ${own.unassigned_shards} shards are assigned to no node`,
        "GET _cluster/allocation/explain says why; copies need a second node",
      ),
    );
  } else {
    findings.push(ok("health", `the indices are ${own.status}`));
  }
  const all = await healthOf("");
  const perNode = all.active_shards / Math.max(all.number_of_data_nodes, 1);
  if (perNode > manyShards) {
    findings.push(
      warning(
        "shards",
        `${Math.round(perNode)} shards a node, of 1000 that one takes by default`,
        "make windows longer, keep spans for a shorter time, or raise cluster.max_shards_per_node",
      ),
    );
  }
  return findings;
}

/** The next server that opens the store makes a lost control index again. */
function controlFindings({ control }: Naming, space: NamespaceFound): readonly Finding[] {
  if (space.control === "whole") return [];
  const text =
    space.control === "gone"
      ? `the index ${control} is gone`
      : `the index ${control} was lost, and Elasticsearch made another one for a write`;
  const advice = "start the server again, which puts it right; no span is lost with it";
  return [warning("control", text, advice)];
}

async function templateFindings(client: Client, naming: Naming): Promise<readonly Finding[]> {
  const subject = "template";
  const findings: Finding[] = [];
  for (const name of [naming.template, naming.controlTemplate]) {
    try {
      await client.request(
        { method: "GET", path: `/_index_template/${name}`, query: { filter_path: "**.name" } },
        { expects: ["refused"] },
      );
      findings.push(ok(subject, name));
    } catch (error) {
      if (failureOf(error) !== "refused") throw error;
      const text = `the index template ${name} is gone: an index that Elasticsearch makes by itself will lack its mappings`;
      findings.push(problem(subject, text, "start the server again, which makes it"));
    }
  }
  return findings;
}

async function indexFindings(client: Client, naming: Naming): Promise<readonly Finding[]> {
  const indices = (await listIndices(client, naming)).map(({ index }) => index).sort();
  const sizes = await sizesOf(client, indices);
  const bytes = [...sizes.values()].reduce((sum, size) => sum + size, 0);
  const range = indices.length > 1 ? `, ${indices[0]} to ${indices[indices.length - 1]}` : "";
  return [ok("indices", `${indices.length} with spans, ${formatSize(bytes)}${range}`)];
}
