import { encodeTraces } from "@spanstore/core/otlp";
import { afterAll, beforeAll, expect, it } from "vitest";
import { describeWithPeer } from "../../../../scripts/test-support/peers.js";
import { type Client, createClient } from "../../src/connection/client.js";
import { openEngine } from "../../src/engine.js";
import { findLostTerms } from "../../src/maintenance/lost-terms.js";
import { checkOptions } from "../../src/options.js";
import { createNaming } from "../../src/schema/naming.js";
import { placesOf } from "../../src/schema/places.js";
import { defaultTuning } from "../../src/schema/tuning.js";
import { createWindows } from "../../src/schema/windows.js";
import { ofShop, span } from "../one-span.js";
import { freshPrefix, type Searchd, startSearchd } from "../searchd.js";

const midnight = 1_772_582_400_000_000_000n;
const minute = 60_000_000_000n;
const windowName = "20260304";
const sampled = 17;

describeWithPeer("manticore", "lost stop terms", (located) => {
  let searchd: Searchd;
  let client: Client;
  beforeAll(async () => {
    searchd = await startSearchd(located);
    client = createClient(checkOptions({ url: searchd.url }));
  });
  afterAll(async () => {
    await client?.close();
    await searchd?.close();
  });

  it("are found in the order of writes, wherever in the window spans start", async () => {
    const prefix = freshPrefix();
    const settings = checkOptions({ url: searchd.url, prefix });
    const tuning = { ...defaultTuning, sampledFragments: sampled + 1 };
    const engine = await openEngine({ client, settings, prefix, tuning });
    let traces = 0;
    const write = (minutes: readonly bigint[]) =>
      engine.write(
        encodeTraces(
          ofShop(
            minutes.map((own) => ({
              ...span,
              traceId: (++traces).toString(16).padStart(32, "0"),
              startTimeUnixNano: midnight + own * minute,
              endTimeUnixNano: midnight + own * minute + 1n,
              attributes: [{ key: "color", value: { stringValue: "red" } }],
            })),
          ),
        ),
      );
    // A sample by start times would only see spans of the first write, which are indexed with all terms.
    const parts = Array.from({ length: sampled - 1 }, (_, i) => BigInt(i) * 90n);
    await write([...parts, 24n * 60n - 1n]);
    await write(parts.map((start) => start + 30n));
    const naming = createNaming({ prefix, windows: createWindows("day") });
    const [place] = placesOf(client, [], naming);
    if (place === undefined) throw new Error("no place");
    try {
      const lost = await findLostTerms(place, windowName, new Set(), sampled);
      expect(lost.size).toBeGreaterThan(0);
      expect((await findLostTerms(place, windowName, lost, sampled)).size).toBe(0);
    } finally {
      await engine.close();
    }
  });
});
