import type { SpanStore } from "@spanstore/core";
import { createSpanStore } from "@spanstore/core/engine";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import { describeWithPeer } from "../../../../scripts/test-support/peers.js";
import { type Client, createClient } from "../../src/connection/client.js";
import { openEngine } from "../../src/engine.js";
import { checkOptions, type Settings } from "../../src/options.js";
import { defaultTuning } from "../../src/schema/tuning.js";
import { ofShop, span } from "../one-span.js";
import { freshPrefix, type Searchd, startSearchd } from "../searchd.js";

const day = 86_400_000_000_000n;
const noon = 1_772_625_600_000_000_000n;

/** Searches use the last snapshot of the schema, which other servers may have outdated. */
describeWithPeer("manticore", "an outdated snapshot of the schema", (located) => {
  let searchd: Searchd;
  let settings: Settings;
  let clients: Client[] = [];
  let writer: SpanStore;
  let reader: SpanStore;
  /** The statements of the reader. */
  let statements: string[] = [];
  let nextTrace = 1;

  const open = async (prefix: string, client: Client): Promise<SpanStore> => {
    clients.push(client);
    const tuning = { ...defaultTuning, sampledFragments: 4, fewFragments: 10, listed: [4, 64] as const };
    return createSpanStore(await openEngine({ client, settings, prefix, tuning }));
  };
  const noting = (client: Client): Client => ({
    ...client,
    query: (sql, options) => {
      statements.push(sql);
      return client.query(sql, options);
    },
    together: (all, options) => {
      statements.push(...all);
      return client.together(all, options);
    },
  });
  const write = async (start: bigint, color = "red"): Promise<string> => {
    const traceId = (nextTrace++).toString(16).padStart(32, "0");
    await writer.write(
      ofShop([
        {
          ...span,
          traceId,
          startTimeUnixNano: start,
          endTimeUnixNano: start + 1n,
          attributes: [{ key: "color", value: { stringValue: color } }],
        },
      ]),
    );
    return traceId;
  };
  const found = async (color: string, limit = 100): Promise<string[]> => {
    const { traces } = await reader.findTraceIds({ attributes: { color }, limit });
    return traces.map(({ traceId }) => traceId);
  };
  const spansOf = async (traceId: string): Promise<number> => {
    let count = 0;
    for await (const { encoded } of reader.getTraces([traceId])) if (encoded.length > 0) count++;
    return count;
  };

  beforeAll(async () => {
    searchd = await startSearchd(located);
    settings = checkOptions({ url: searchd.url });
  });
  afterAll(() => searchd?.close());
  beforeEach(async () => {
    const prefix = freshPrefix();
    writer = await open(prefix, createClient(settings));
    reader = await open(prefix, noting(createClient(settings)));
  });
  afterEach(async () => {
    await writer.close();
    await reader.close();
    for (const client of clients) await client.close();
    clients = [];
  });

  it("lacks a window that another server has made", async () => {
    const ids = [await write(noon)];
    for (let i = 1n; i < 6n; i++) {
      expect(await found("red")).toEqual(ids);
      const traceId = await write(noon - i * day);
      expect(await spansOf(traceId)).toBe(1);
      ids.push(traceId);
    }
    expect(await found("red")).toEqual(ids);
  });

  it("lacks a stop term that another server has published", async () => {
    const ids: string[] = [];
    // The first fragments are indexed with the term, the later ones without it.
    for (let i = 0n; i < 8n; i++) {
      ids.unshift(await write(noon + i));
      expect(await found("red")).toEqual(ids);
    }
    statements = [];
    expect(await found("red")).toEqual(ids);
    expect(statements.filter((sql) => sql.includes("MATCH"))).not.toContainEqual(
      expect.stringMatching(/ORDER BY start_time DESC/),
    );
  });

  it("has a window that another server has dropped", async () => {
    const [old, recent] = [await write(noon - day), await write(noon)];
    expect(await found("red")).toEqual([recent, old]);
    await writer.deleteBefore(noon);
    expect(await found("red")).toEqual([recent]);
    const again = await write(noon - day);
    expect(await found("red")).toEqual([recent, again]);
    await writer.purge();
    expect(await spansOf(recent)).toBe(0);
    expect(await found("red")).toEqual([]);
  });

  it("has no frequencies: a search for a frequent term counts it", async () => {
    const ids: string[] = [];
    // No color is common enough to become a stop term.
    for (let i = 0n; i < 60n; i++) {
      const color = i % 3n === 0n ? "red" : `blue ${i}`;
      const traceId = await write(noon + i * 60_000_000_000n, color);
      if (color === "red") ids.unshift(traceId);
    }
    expect(await found("red", 5)).toEqual(ids.slice(0, 5));
    expect(statements.some((sql) => sql.startsWith("CALL KEYWORDS"))).toBe(true);
    expect(await found("red")).toEqual(ids);
    expect(await found("blue 31")).toHaveLength(1);
  });

  it("is checked without a packet of its own: two packets for a search, one for a trace", async () => {
    const traceId = await write(noon);
    await found("red");
    statements = [];
    await found("red");
    expect(statements.map((sql) => sql.slice(0, 19))).toEqual([
      "SELECT window_start",
      "SELECT id, start_ti",
      "SHOW META LIKE 'tot",
      "SELECT window_start",
      "SELECT id, start_ti",
    ]);
    statements = [];
    await spansOf(traceId);
    expect(statements.map((sql) => sql.slice(0, 19))).toEqual(["SELECT window_start", "SELECT id, start_ti"]);
  });
});
