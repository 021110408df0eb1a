import { SpanStoreError } from "@spanstore/core";
import type { Client, RequestOptions } from "../connection/client.js";
import { type DatedMapping, isDatedMapping } from "./schema.js";

/** The indices that have the names of dated ones and not the mappings of the store's template. */
export async function foreignIndices(
  client: Client,
  indices: string,
  options: RequestOptions,
): Promise<readonly string[]> {
  const found = await client.request<Readonly<Record<string, { readonly mappings?: DatedMapping }>>>(
    {
      method: "GET",
      path: `/${indices}/_mapping`,
      // An index without any of these fields is missing in the answer.
      query: {
        ignore_unavailable: true,
        filter_path: "*.mappings.dynamic,*.mappings.properties.*.type,*.mappings.properties.*.analyzer",
      },
    },
    options,
  );
  return Object.entries(found).flatMap(([index, { mappings = {} }]) =>
    isDatedMapping(mappings) ? [] : [index],
  );
}

export function isForeign(index: string): SpanStoreError {
  return new SpanStoreError(
    "STORE_UNAVAILABLE",
    `the index ${index} was not made from the store's template, and searches cannot find its documents`,
    { hint: `delete the index ${index}, or reindex its documents under another name first` },
  );
}
