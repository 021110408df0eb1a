import type { SpanStore } from "@spanstore/core";
import { createSpanStore } from "@spanstore/core/engine";
import { describeSpanStore } from "@spanstore/core/testing";
import { afterAll, beforeAll, describe, it } from "vitest";
import {
  describeWithElasticsearch,
  type Elasticsearch,
  hookMillis,
  sharedElasticsearch,
} from "../../../scripts/test-support/elasticsearch/elasticsearch.js";
import { createClient } from "../src/connection/client.js";
import { openEngine } from "../src/engine.js";
import { checkOptions } from "../src/options.js";
import { listTenants } from "../src/schema/catalog.js";
import { tenantPrefix } from "../src/schema/naming.js";
import { alternating } from "./alternating.js";
import { createSpaces } from "./support/spaces.js";

/** Now, for these stores: the suite's spans started years ago, and are in indices by the hour this way. */
const suiteTime = 1_700_000_000_000_000_000n;

describeWithElasticsearch("conformance of several servers", (way) => {
  let server: Elasticsearch;
  const spaces = createSpaces(() => server, "2023111422");
  beforeAll(async () => {
    server = await sharedElasticsearch(way);
  }, hookMillis);
  afterAll(() => (server === undefined ? undefined : spaces.remove()), hookMillis);

  const open = async (prefix: string): Promise<SpanStore> => {
    const settings = checkOptions({
      url: server.url,
      prefix,
      window: "hour",
      shards: 2,
      refresh: "wait",
      refreshIntervalMillis: 60_000,
    });
    const client = createClient(settings);
    const openSpace = (own: string) =>
      openEngine({ client, settings, prefix: own, now: () => suiteTime, sampledSpans: 5, pollMillis: 25 });
    const engine = await openSpace(settings.prefix);
    return createSpanStore(
      { ...engine, close: () => engine.close().finally(client.close) },
      (tenant) => openSpace(tenantPrefix(settings.prefix, tenant)),
      () => listTenants(client, settings.prefix),
    );
  };

  describeSpanStore(
    { describe, it },
    {
      name: "two servers on indices by the hour, of two shards",
      open: async (place) => {
        const prefix = await spaces.prefixOf(place);
        return alternating([await open(prefix), await open(prefix)]);
      },
      persists: true,
      // The chapters that depend on the server that answers, or on the index of a span: not encoding, arguments and texts.
      chapters: [
        "lifecycle",
        "writing",
        "watching",
        "retention",
        "expiring",
        "names",
        "searching",
        "traces as they come",
        "paging",
        "edges of pages",
        "dependencies",
        "metrics",
        "tenants",
        "differential",
      ],
      runs: 5,
    },
  );
});
