import type { SpanStore } from "@spanstore/core";
import { createSpanStore } from "@spanstore/core/engine";
import { afterAll, beforeAll, expect, it } from "vitest";
import { describeWithPeer } from "../../../../scripts/test-support/peers.js";
import { type Client, createClient, decimal } from "../../src/connection/client.js";
import { openEngine } from "../../src/engine.js";
import { type SeenRows, tidyWindows } from "../../src/maintenance/tidy.js";
import { checkOptions } from "../../src/options.js";
import { createCatalog } from "../../src/schema/catalog.js";
import { createNaming } from "../../src/schema/naming.js";
import { placesOf } from "../../src/schema/places.js";
import { createWindows } from "../../src/schema/windows.js";
import { freshPrefix, type Searchd, startSearchd } from "../searchd.js";

const hour = 3_600_000_000_000n;
const over = 1_772_582_400_000_000_000n;
const chunks = 5;

describeWithPeer("manticore", "past windows", (located) => {
  let searchd: Searchd;
  let client: Client;
  let store: SpanStore;
  const prefix = freshPrefix();
  const windows = createWindows("hour");
  const naming = createNaming({ prefix, windows });

  beforeAll(async () => {
    searchd = await startSearchd(located);
    const settings = checkOptions({ url: searchd.url, window: "hour" });
    client = createClient(settings);
    store = createSpanStore(await openEngine({ client, settings, prefix }));
  });
  afterAll(async () => {
    await store?.close();
    await client?.close();
    await searchd?.close();
  });

  const traceId = (start: bigint, i: number): string => (start + BigInt(i)).toString(16).padStart(32, "0");
  const write = async (start: bigint): Promise<void> => {
    for (let i = 0; i < chunks; i++) {
      const times = { startTimeUnixNano: start, endTimeUnixNano: start };
      const span = { traceId: traceId(start, i), spanId: "1".repeat(16), name: `op ${i}`, ...times };
      await store.write({ resourceSpans: [{ scopeSpans: [{ spans: [span] }] }] });
      for (const table of tablesAt(start)) await client.query(`FLUSH RAMCHUNK ${table}`);
    }
  };
  const tablesAt = (start: bigint): string[] => {
    const window = windows.at(start);
    return [naming.fragmentTable(window), naming.spanTable(window)];
  };
  const chunksAt = async (start: bigint): Promise<number[]> => {
    const counts: number[] = [];
    for (const table of tablesAt(start)) {
      const rows = await client.query(`SHOW TABLE ${table} STATUS`);
      counts.push(
        decimal(
          rows.find(([name]) => String(name) === "disk_chunks"),
          1,
        ),
      );
    }
    return counts;
  };

  it("are merged an hour after their end once they have stopped growing, and keep all spans", async () => {
    const later = over + 3n * hour;
    await write(over);
    await write(later);
    const places = placesOf(client, [], naming);
    const catalog = createCatalog({
      client,
      naming,
      places,
      agents: [],
      timeoutMillis: 10_000,
      nextWindow: () => windows.at(later),
    });
    // More than an hour after the end of the first window, and in the middle of the second.
    const parts = { naming, catalog, places, now: () => later + hour / 2n };
    const seen: SeenRows = [];
    await tidyWindows(parts, seen);
    await write(over + 1_000_000n);
    await tidyWindows(parts, seen);
    // The window has grown since the last look.
    expect(await chunksAt(over)).toEqual([2 * chunks, 2 * chunks]);
    await tidyWindows(parts, seen);
    expect(await chunksAt(over)).toEqual([1, 1]);
    expect(await chunksAt(later)).toEqual([chunks, chunks]);
    const { traces } = await store.findTraceIds({ limit: 100 });
    expect(traces).toHaveLength(3 * chunks);
  });
});
