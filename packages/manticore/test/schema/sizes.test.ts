import { createSpanStore } from "@spanstore/core/engine";
import { afterAll, beforeAll, expect, it } from "vitest";
import { describeWithPeer } from "../../../../scripts/test-support/peers.js";
import { type Client, createClient } from "../../src/connection/client.js";
import { openEngine } from "../../src/engine.js";
import { createSizes } from "../../src/maintenance/sizes.js";
import { checkOptions } from "../../src/options.js";
import { createNaming } from "../../src/schema/naming.js";
import { createWindows } from "../../src/schema/windows.js";
import { ofShop, span } from "../one-span.js";
import { freshPrefix, type Searchd, startSearchd } from "../searchd.js";

const day = 86_400_000_000_000n;
const noon = 1_772_625_600_000_000_000n;

describeWithPeer("manticore", "sizes", (located) => {
  let searchd: Searchd;
  beforeAll(async () => {
    searchd = await startSearchd(located);
  });
  afterAll(() => searchd?.close());

  it("of past windows are read once and then in turn, and repeated stats read none", async () => {
    const settings = checkOptions({ url: searchd.url });
    const client = createClient(settings);
    let asked: string[] = [];
    const counting: Client = {
      ...client,
      query: (sql, options) => {
        const [, table] = /^SHOW TABLE (\S+) STATUS/.exec(sql) ?? [];
        if (table !== undefined) asked.push(table);
        return client.query(sql, options);
      },
    };
    const prefix = freshPrefix();
    const store = createSpanStore(await openEngine({ client: counting, settings, prefix }));
    const count = 30;
    for (let i = 0n; i < count; i++) {
      const start = noon - i * day;
      await store.write(ofShop([{ ...span, startTimeUnixNano: start, endTimeUnixNano: start + 1n }]));
    }
    const { bytes } = await store.stats();
    expect(bytes).toBeGreaterThan(count * 1000);
    // One more window: that of today.
    expect(asked).toHaveLength((count + 1) * 2);
    asked = [];
    expect((await store.stats()).bytes).toBe(bytes);
    expect(asked).toEqual([]);

    const naming = createNaming({ prefix, windows: createWindows("day") });
    let windows = Array.from({ length: count }, (_, i) => naming.windows.at(noon - BigInt(i) * day));
    const catalog = { list: async () => windows };
    const read = createSizes({
      naming,
      catalog,
      places: [{ client: counting, naming }],
      now: () => noon,
    });
    const first = await read();
    expect(asked).toHaveLength(count * 2);
    asked = [];
    expect(await read()).toBe(first);
    // The two tables of the current day, and 16 others, the least recently read ones.
    expect(asked).toHaveLength(2 + 16);
    expect(asked).toContain(naming.spanTable(naming.windows.at(noon)));
    asked = [];
    windows = windows.slice(0, 1);
    expect(await read()).toBeLessThan(first);
    expect(asked).toHaveLength(2);
    await store.close();
    await client.close();
  });
});
