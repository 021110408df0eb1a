import { describeSpanStore } from "@spanstore/core/testing";
import { openManticoreStore } from "@spanstore/manticore";
import { afterAll, beforeAll, describe, it } from "vitest";
import { describeWithPeer } from "../../../../scripts/test-support/peers.js";
import { freshPrefix, type Searchd, startSearchd } from "../searchd.js";

describeWithPeer("manticore", "conformance", (located) => {
  let searchd: Searchd;
  const prefix = freshPrefix();
  beforeAll(async () => {
    searchd = await startSearchd(located);
  });
  afterAll(() => searchd?.close());

  describeSpanStore(
    { describe, it },
    {
      name: "Manticore Search",
      open: (place) => openManticoreStore({ url: searchd.url, prefix: `${prefix}${place}_` }),
      persists: true,
      runs: 50,
    },
  );
});
