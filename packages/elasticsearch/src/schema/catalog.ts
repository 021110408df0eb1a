import type { Client } from "../connection/client.js";
import { failureOf } from "../connection/errors.js";
import { type Naming, tenantOfControl } from "./naming.js";
import type { Window } from "./windows.js";

/** A dated index and its window of time. */
export interface DatedIndex {
  readonly index: string;
  readonly window: Window;
}

/** Names in one request: keeps the path within the 4096 bytes that Elasticsearch accepts. */
const namesPerRequest = 10;

/** Lists the dated indices. */
export async function listIndices(client: Client, naming: Naming): Promise<readonly DatedIndex[]> {
  const found = await client.request<Readonly<Record<string, unknown>>>(
    { method: "GET", path: `/${naming.pattern}/_settings/index.uuid`, query: { expand_wildcards: "all" } },
    { doing: "cannot list indices" },
  );
  return Object.keys(found).flatMap((index) => {
    const window = naming.windowOf(index);
    return window === undefined ? [] : [{ index, window }];
  });
}

/** Lists the tenants that have a control index. */
export async function listTenants(client: Client, prefix: string): Promise<readonly string[]> {
  const found = await client.request<Readonly<Record<string, unknown>>>(
    { method: "GET", path: `/${prefix}tenant-*-control/_settings/index.uuid` },
    { doing: "cannot list tenants" },
  );
  return Object.keys(found).flatMap((index) => tenantOfControl(prefix, index) ?? []);
}

/** The bytes of each index's primary shards. */
export async function sizesOf(
  client: Client,
  indices: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const sizes = new Map<string, number>();
  for (const names of expressions(indices)) {
    const { indices: told = {} } = await client.request<IndexSizes>(
      {
        method: "GET",
        path: `/${names}/_stats/store`,
        query: { filter_path: "indices.*.primaries.store.size_in_bytes", ignore_unavailable: true },
      },
      { doing: "cannot read the size" },
    );
    for (const [index, { primaries }] of Object.entries(told)) {
      sizes.set(index, primaries?.store?.size_in_bytes ?? 0);
    }
  }
  return sizes;
}

interface IndexSizes {
  readonly indices?: Readonly<
    Record<string, { readonly primaries?: { readonly store?: { readonly size_in_bytes?: number } } }>
  >;
}

/** Joins names to lists that fit into a path. */
function* expressions(indices: readonly string[]): Generator<string> {
  for (let at = 0; at < indices.length; at += namesPerRequest)
    yield indices.slice(at, at + namesPerRequest).join(",");
}

/** Deletes indices with their documents. */
export async function dropIndices(client: Client, indices: readonly string[]): Promise<void> {
  for (const names of expressions(indices)) {
    try {
      await client.request(
        { method: "DELETE", path: `/${names}`, query: { ignore_unavailable: true } },
        { doing: "cannot delete", expects: ["no index"] },
      );
    } catch (error) {
      if (failureOf(error) !== "no index") throw error;
    }
  }
}
