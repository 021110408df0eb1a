import type { SpanStore } from "@spanstore/core";
import { createSpanStore } from "@spanstore/core/engine";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { describeWithPeer } from "../../../../scripts/test-support/peers.js";
import { type Client, createClient } from "../../src/connection/client.js";
import { openEngine } from "../../src/engine.js";
import { checkOptions } from "../../src/options.js";
import { ofShop, span } from "../one-span.js";
import { freshPrefix, type Searchd, startSearchd } from "../searchd.js";
import { ask } from "../sql.js";

const hour = 3_600_000_000_000n;
const first = span.startTimeUnixNano;
const hours = 6n;

describeWithPeer("manticore", "names in many windows", (located) => {
  let searchd: Searchd;
  let opened: { readonly store: SpanStore; readonly client: Client }[] = [];
  beforeAll(async () => {
    searchd = await startSearchd(located);
  });
  afterAll(() => searchd?.close());
  afterEach(async () => {
    for (const { store, client } of opened) {
      await store.close();
      await client.close();
    }
    opened = [];
  });

  const open = async (prefix: string): Promise<SpanStore> => {
    const settings = checkOptions({ url: searchd.url, window: "hour" });
    const client = createClient(settings);
    const store = createSpanStore(await openEngine({ client, settings, prefix }));
    opened.push({ store, client });
    return store;
  };
  let next = 1;
  const write = (store: SpanStore, start: bigint, name = "get") =>
    store.write(
      ofShop([
        {
          ...span,
          traceId: (next++).toString(16).padStart(32, "0"),
          name,
          startTimeUnixNano: start,
          endTimeUnixNano: start + 1n,
        },
      ]),
    );
  const rows = (prefix: string) => ask(searchd.url, `SELECT id FROM ${prefix}operations`);
  const names = async (store: SpanStore): Promise<string[]> =>
    (await store.getOperations({ service: "shop" })).map(({ name }) => name);

  it("take a row each, and go with the last window with their spans", async () => {
    const prefix = freshPrefix();
    const store = await open(prefix);
    await write(store, first, "old");
    for (let i = 0n; i < hours; i++) await write(store, first + i * hour);
    // One row for the service, and one for each operation.
    expect(await rows(prefix)).toHaveLength(3);
    await write(store, first + hour);
    expect(await rows(prefix)).toHaveLength(3);
    // A server with an empty cache adds rows, and later moves only these.
    const other = await open(prefix);
    await write(other, first + 2n * hour);
    expect(await rows(prefix)).toHaveLength(5);
    await write(other, first + hours * hour);
    expect(await rows(prefix)).toHaveLength(5);
    expect(await names(store)).toEqual(["get", "old"]);

    await store.deleteBefore(first + 3n * hour);
    expect(await names(store)).toEqual(["get"]);
    expect(await store.getServices()).toEqual(["shop"]);
    await store.deleteBefore(first + (hours + 1n) * hour);
    expect(await names(store)).toEqual([]);
    expect(await store.getServices()).toEqual([]);
  });

  it("stay when their last window is dropped by hand and an earlier window has their spans", async () => {
    const prefix = freshPrefix();
    const store = await open(prefix);
    for (let i = 0n; i < 3n; i++) await write(store, first + i * hour);
    for (const kind of ["spans", "fragments"])
      await ask(searchd.url, `DROP TABLE ${prefix}${kind}_2026030414`);
    await store.deleteBefore(first + 1n);
    expect(await names(store)).toEqual(["get"]);
    expect(await store.getServices()).toEqual(["shop"]);
  });
});
