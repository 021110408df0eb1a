import { SpanStoreError, type StoreStats } from "@spanstore/core";
import type { Client } from "../connection/client.js";
import { errorFor } from "../connection/errors.js";
import { foreignIndices, isForeign } from "../schema/foreign.js";
import type { Naming } from "../schema/naming.js";

interface ClusterHealth {
  readonly status: "green" | "yellow" | "red";
}

type IndexSettings = Readonly<Record<string, { readonly settings?: Readonly<Record<string, string>> }>>;

interface ClusterSettings {
  readonly persistent?: Readonly<Record<string, string>>;
  readonly transient?: Readonly<Record<string, string>>;
}

const clusterBlocks = ["cluster.blocks.read_only", "cluster.blocks.read_only_allow_delete"];
const blocks = ["index.blocks.read_only", "index.blocks.read_only_allow_delete", "index.blocks.write"];

/** @throws when the cluster cannot serve this namespace now. */
export async function checkHealth(client: Client, naming: Naming, nowUnixNano: bigint): Promise<void> {
  const options = { retryMillis: 0, doing: "Elasticsearch does not serve" };
  const health = await client.request<ClusterHealth>(
    {
      method: "GET",
      path: `/_cluster/health/${naming.everything}`,
      query: { filter_path: "status", timeout: "1s" },
    },
    options,
  );
  if (health.status === "red") {
    throw new SpanStoreError("STORE_UNAVAILABLE", "the cluster is red: shards of the store are missing", {
      hint: "GET _cluster/allocation/explain says why",
    });
  }
  const { persistent = {}, transient = {} } = await client.request<ClusterSettings>(
    {
      method: "GET",
      path: "/_cluster/settings",
      query: { flat_settings: true, filter_path: "*.cluster.blocks.*" },
    },
    options,
  );
  const clusterBlock = clusterBlocks.find((name) => ({ ...persistent, ...transient })[name] === "true");
  if (clusterBlock !== undefined)
    throw errorFor("blocked", `the cluster takes no writes: ${clusterBlock}`, "");
  // The indices that the next write goes to. Older ones may be closed for writes.
  const current = naming.index(naming.windows.at(nowUnixNano));
  const settings = await client.request<IndexSettings>(
    {
      method: "GET",
      path: `/${current},${naming.control}/_settings/index.blocks.*`,
      query: { flat_settings: true, ignore_unavailable: true },
    },
    options,
  );
  for (const [index, { settings: set = {} }] of Object.entries(settings)) {
    const block = blocks.find((name) => set[name] === "true");
    if (block === undefined) continue;
    const reason = block.endsWith("allow_delete") ? "disk" : "";
    throw errorFor("blocked", `the index ${index} takes no writes: ${block}`, reason);
  }
  const [foreign] = await foreignIndices(client, current, options);
  if (foreign !== undefined) throw isForeign(foreign);
}

/** The bytes of the primary shards of the namespace. */
export async function readStats(client: Client, naming: Naming): Promise<StoreStats> {
  const answer = await client.request<{
    readonly _all?: { readonly primaries?: { readonly store?: { readonly size_in_bytes?: number } } };
  }>(
    {
      method: "GET",
      path: `/${naming.everything}/_stats/store`,
      query: { filter_path: "_all.primaries.store" },
    },
    { doing: "cannot read the size" },
  );
  return { bytes: answer._all?.primaries?.store?.size_in_bytes ?? 0 };
}
