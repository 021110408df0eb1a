import { createSpanStore } from "@spanstore/core/engine";
import { describeSpanStore } from "@spanstore/core/testing";
import { afterAll, beforeAll, describe, it } from "vitest";
import { describeWithPeer } from "../../../../scripts/test-support/peers.js";
import { type Client, createClient } from "../../src/connection/client.js";
import { openEngine } from "../../src/engine.js";
import { checkOptions, type Settings } from "../../src/options.js";
import { contentId } from "../../src/schema/ids.js";
import { tenantPrefix } from "../../src/schema/naming.js";
import type { Tuning } from "../../src/schema/tuning.js";
import { freshPrefix, type Searchd, startSearchd } from "../searchd.js";

/** Small limits cause what otherwise takes many spans: ids collide, common terms become stop terms, answers are cut. */
const tuning: Tuning = {
  idOf: (content) => contentId(content) & 0x3ffffn,
  maxStatementBytes: 150_000,
  maxPacketBytes: 128 * 1024 * 1024,
  sampledFragments: 1,
  listed: [3, 100],
  fewFragments: 20,
  fragmentsTogether: 4,
  fragmentsPerPage: 20,
  candidateBytes: 2_000,
  fragmentBytes: 1_500,
  rowsPerPage: 500,
};

describeWithPeer("manticore", "conformance with a small tuning", (located) => {
  let searchd: Searchd;
  let client: Client;
  let settings: Settings;
  const prefix = freshPrefix();
  beforeAll(async () => {
    searchd = await startSearchd(located, { settings: ["binlog_flush = 0"] });
    settings = { ...checkOptions({ url: searchd.url, window: "hour" }), writers: 3 };
    client = createClient(settings);
  });
  afterAll(async () => {
    await client?.close();
    await searchd?.close();
  });

  describeSpanStore(
    { describe, it },
    {
      name: "Manticore Search, small tuning",
      open: async (place) => {
        const of = (own: string) => openEngine({ client, settings, prefix: own, tuning });
        const own = `${prefix}${place}_`;
        return createSpanStore(await of(own), (tenant) => of(tenantPrefix(own, tenant)));
      },
      persists: true,
      // Chapters that statements and their sizes can break.
      chapters: [
        "losslessness",
        "writing",
        "watching",
        "retention",
        "names",
        "searching",
        "traces as they come",
        "paging",
        "edges of pages",
        "hostile text",
        "dependencies",
        "metrics",
        "large traces",
        "differential",
      ],
      runs: 15,
    },
  );
});
