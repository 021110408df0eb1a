import { type Span, SpanKind } from "@spanstore/core";
import { openManticoreStore } from "@spanstore/manticore";
import { afterAll, beforeAll, expect, it } from "vitest";
import { describeWithPeer } from "../../../../scripts/test-support/peers.js";
import { type Client, createClient } from "../../src/connection/client.js";
import { checkOptions, type ManticoreOptions } from "../../src/options.js";
import { freshPrefix, type Searchd, startSearchd } from "../searchd.js";

const start = 1_772_600_767_000_000_000n;

const span: Span = {
  traceId: "1".repeat(32),
  spanId: "2".repeat(16),
  name: "charge",
  kind: SpanKind.client,
  startTimeUnixNano: start,
  endTimeUnixNano: start + 1_000_000n,
  attributes: [
    { key: "http.route", value: { stringValue: "/checkout/card" } },
    { key: "http.response.status_code", value: { intValue: 503n } },
  ],
  events: [
    {
      name: "exception",
      timeUnixNano: start,
      attributes: [{ key: "exception.message", value: { stringValue: "the card network is away" } }],
    },
  ],
};

/** SQL on `…spans`, with each storage of attributes. */
describeWithPeer("manticore", "the tables for people", (located) => {
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

  /** Writes the span twice, from two stores. Returns a function that counts its rows. */
  const stored = async (attributes?: ManticoreOptions["attributes"]) => {
    const prefix = freshPrefix();
    const resource = { attributes: [{ key: "service.name", value: { stringValue: "shop" } }] };
    for (let i = 0; i < 2; i++) {
      await using store = await openManticoreStore({ url: searchd.url, prefix, attributes });
      await store.write({ resourceSpans: [{ resource, scopeSpans: [{ spans: [span] }] }] });
    }
    return async (where: string): Promise<number> => {
      const rows = await client.query(`SELECT span_id FROM ${prefix}spans WHERE ${where}`);
      return rows.length;
    };
  };

  it("find phrases in logs, and not words in another order", async () => {
    const count = await stored();
    expect(await count(`MATCH('@logs "card network"')`)).toBe(1);
    expect(await count(`MATCH('@logs "network card"')`)).toBe(0);
    expect(await count(`MATCH('@logs network card')`)).toBe(1);
  });

  it("keep attributes for reading only", async () => {
    const count = await stored("stored");
    expect(await count("service_name = 'shop'")).toBe(1);
    expect(await count("tags['http.route'] = '/checkout/card'")).toBe(0);
  });

  it("find words in attributes", async () => {
    const count = await stored("words");
    expect(await count(`MATCH('@tags "http.response.status_code 503"')`)).toBe(1);
    expect(await count(`MATCH('@tags "http.response.status_code 200"')`)).toBe(0);
    expect(await count(`MATCH('@process shop')`)).toBe(1);
  });

  it("filter by attributes as JSON", async () => {
    const count = await stored("json");
    expect(await count("tags['http.route'] = '/checkout/card'")).toBe(1);
    expect(await count("tags['http.response.status_code'] >= 500")).toBe(1);
    expect(await count("tags['http.response.status_code'] < 500")).toBe(0);
    expect(await count("process['service.name'] = 'shop'")).toBe(1);
  });

  it("keep NUL as two characters, and as \\u0000 in JSON", async () => {
    const prefix = freshPrefix();
    const resource = { attributes: [{ key: "service.name", value: { stringValue: "a\0b\u0001" } }] };
    await using store = await openManticoreStore({ url: searchd.url, prefix });
    await store.write({ resourceSpans: [{ resource, scopeSpans: [{ spans: [span] }] }] });
    const name = "a\u0001\u0001b\u0001\u0002";
    const rows = await client.query(`SELECT process FROM ${prefix}spans WHERE service_name='${name}'`);
    expect(rows.map(String)).toEqual([expect.stringContaining("a\\u0000b")]);
    expect(await store.getServices()).toEqual(["a\0b\u0001"]);
  });

  it("refuse an unknown storage of attributes", async () => {
    const options = { url: searchd.url, attributes: "columns" } as unknown as ManticoreOptions;
    await expect(openManticoreStore(options)).rejects.toMatchObject({
      code: "INVALID_OPTIONS",
      field: "attributes",
    });
  });
});
