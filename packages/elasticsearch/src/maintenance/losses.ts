/** Findings about acknowledged spans that are lost, not found, or at risk. */

import { type Finding, ok, problem, warning } from "@spanstore/core/engine";
import { spanKindWord, spansOf } from "@spanstore/core/otlp";
import type { Client } from "../connection/client.js";
import { createDictionaries } from "../read/dictionary.js";
import { createKeptFragments } from "../read/kept.js";
import { nameDocuments } from "../read/name-documents.js";
import { foreignIndices, isForeign } from "../schema/foreign.js";
import type { Naming } from "../schema/naming.js";

/** How many of the newest fragments are checked. */
const sampledFragments = 200;
const doing = "cannot look at the indices";

/** Finds indices with names of the store in which searches find nothing. */
export async function foreignFindings(client: Client, naming: Naming): Promise<readonly Finding[]> {
  const foreign = await foreignIndices(client, naming.pattern, { doing });
  return foreign.map((index): Finding => {
    const { message, hint = "" } = isForeign(index);
    return problem("indices", message, hint);
  });
}

/** Finds indices that acknowledge before they sync. */
export async function durabilityFindings(client: Client, naming: Naming): Promise<readonly Finding[]> {
  const setting = "index.translog.durability";
  const found = await client.request<Readonly<Record<string, { readonly settings?: object }>>>(
    {
      method: "GET",
      path: `/${naming.pattern},${naming.control}/_settings/${setting}`,
      query: { flat_settings: true, ignore_unavailable: true },
    },
    { doing },
  );
  return Object.entries(found).flatMap(([index, { settings = {} }]): Finding[] =>
    (settings as Readonly<Record<string, string>>)[setting] === "async"
      ? [
          warning(
            "translog",
            `${index} acknowledges before it syncs: a crash loses acknowledged spans`,
            `set ${setting} to "request"`,
          ),
        ]
      : [],
  );
}

/** Checks that the services and operations of the newest spans are listed. */
export async function nameFindings(client: Client, naming: Naming): Promise<readonly Finding[]> {
  const kept = createKeptFragments(client, createDictionaries({ client, control: naming.control }));
  const body = { query: { exists: { field: "newest" } }, sort: [{ newest: "desc" }], _source: true };
  const { hits } = await kept.once(naming.pattern, body, sampledFragments, { doing });
  const names = new Map<string, string>();
  for (const hit of hits) {
    for (const { resource, name, kind } of spansOf(kept.of(hit).encoded)) {
      const service = resource.serviceName;
      if (service === "") continue;
      for (const { id } of nameDocuments(hit._index, { service, name, spanKind: spanKindWord(kind) })) {
        names.set(id, service);
      }
    }
  }
  if (names.size === 0) return [];
  // Reads by id, which needs no refresh. A later index may have the name of an earlier one.
  const indices = [...new Set(hits.map(({ _index }) => _index))];
  const docs = indices.flatMap((_index) => [...names.keys()].map((_id) => ({ _index, _id, _source: false })));
  const answer = await client.request<{ readonly docs: readonly { _id: string; found?: boolean }[] }>(
    { method: "POST", path: "/_mget", query: { filter_path: "docs._id,docs.found" }, body: { docs } },
    { doing },
  );
  for (const { _id, found } of answer.docs) if (found === true) names.delete(_id);
  if (names.size === 0) return [ok("names", "the newest spans are listed")];
  const services = [...new Set(names.values())].sort();
  return [
    problem(
      "names",
      `services or operations of spans are missing from the lists, of ${services.slice(0, 5).join(", ")}`,
      "restart the servers: each writes the names again that it meets",
    ),
  ];
}
