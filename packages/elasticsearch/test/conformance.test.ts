import { createSpanStore, type SpanStore } from "@spanstore/core";
import { describeSpanStore } from "@spanstore/core/testing";
import { openElasticsearchStore } from "@spanstore/elasticsearch";
import { afterAll, beforeAll, describe, it } from "vitest";
import { createClient } from "../src/client.js";
import { openEngine } from "../src/engine.js";
import { tenantPrefix } from "../src/naming.js";
import { checkOptions } from "../src/options.js";
import { alternating } from "./alternating.js";
import {
  describeWithElasticsearch,
  type Elasticsearch,
  freshPrefix,
  hookMillis,
  removeSpaces,
  startElasticsearch,
} from "./elasticsearch.js";

describeWithElasticsearch("conformance", (way) => {
  let server: Elasticsearch;
  const prefix = freshPrefix();
  beforeAll(async () => {
    server = await startElasticsearch(way);
  }, hookMillis);
  afterAll(async () => {
    if (server === undefined) return;
    await removeSpaces(server, prefix);
    await server.close();
  }, hookMillis);

  /** The suite's spans started years ago; for this store that is now, so that they lie in indices by their hours. */
  const openDated = async (place: string): Promise<SpanStore> => {
    const settings = checkOptions({
      url: server.url,
      prefix: `${prefix}${place}-dated-`,
      window: "hour",
      shards: 2,
      refresh: "wait",
    });
    const client = createClient(settings);
    const open = (own: string) =>
      openEngine({ client, settings, prefix: own, now: () => suiteTime, sampledSpans: 5 });
    const engine = await open(settings.prefix);
    const openTenant = (tenant: string) => open(tenantPrefix(settings.prefix, tenant));
    return createSpanStore({ ...engine, close: () => engine.close().finally(client.close) }, openTenant);
  };

  describeSpanStore(
    { describe, it },
    {
      name: "Elasticsearch",
      open: (place) =>
        openElasticsearchStore({ url: server.url, prefix: `${prefix}${place}-`, refresh: "wait" }),
      persists: true,
      runs: 30,
    },
  );

  describeSpanStore(
    { describe, it },
    {
      name: "two servers on indices by the hour, of two shards",
      open: async (place) => alternating([await openDated(place), await openDated(place)]),
      persists: true,
      runs: 30,
    },
  );
});

const suiteTime = 1_700_000_000_000_000_000n;
