import { describeSpanStore } from "@spanstore/core/testing";
import { openElasticsearchStore } from "@spanstore/elasticsearch";
import { afterAll, beforeAll, describe, it } from "vitest";
import {
  describeWithElasticsearch,
  type Elasticsearch,
  hookMillis,
  sharedElasticsearch,
} from "../../../scripts/test-support/elasticsearch/elasticsearch.js";
import { createSpaces } from "./support/spaces.js";

describeWithElasticsearch("conformance", (way) => {
  let server: Elasticsearch;
  const spaces = createSpaces(() => server, "other");
  beforeAll(async () => {
    server = await sharedElasticsearch(way);
  }, hookMillis);
  afterAll(() => (server === undefined ? undefined : spaces.remove()), hookMillis);

  describeSpanStore(
    { describe, it },
    {
      name: "Elasticsearch",
      open: async (place) =>
        openElasticsearchStore({
          url: server.url,
          prefix: await spaces.prefixOf(place),
          refresh: "wait",
          refreshIntervalMillis: 60_000,
        }),
      persists: true,
      runs: 30,
    },
  );
});
