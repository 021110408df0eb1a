import type { Client } from "./client.js";
import { failureOf } from "./errors.js";
import type { Naming } from "./naming.js";
import type { Window } from "./windows.js";

/** An index of the space, and the time that it holds. */
export interface DatedIndex {
  readonly index: string;
  readonly window: Window;
}

/** Names in one request; a path grows no longer than Elasticsearch takes. */
const namesPerRequest = 10;

/** The dated indices that there are now. */
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

/** Deletes indices with all that is in them. */
export async function dropIndices(client: Client, indices: readonly string[]): Promise<void> {
  for (let at = 0; at < indices.length; at += namesPerRequest) {
    const names = indices.slice(at, at + namesPerRequest).join(",");
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
