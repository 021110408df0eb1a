import { diagnoseManticore, openManticoreMaintenance, openManticoreStore } from "@spanstore/manticore";
import { afterAll, beforeAll, expect, it } from "vitest";
import { describeWithPeer } from "../../../../scripts/test-support/peers.js";
import { limitFindings } from "../../src/maintenance/table-findings.js";
import { ofShop, span } from "../one-span.js";
import { freshPrefix, type Searchd, startSearchd } from "../searchd.js";
import { ask } from "../sql.js";

describeWithPeer("manticore", "a table that lost a column", (located) => {
  let searchd: Searchd;
  beforeAll(async () => {
    searchd = await startSearchd(located);
  });
  afterAll(() => searchd?.close());

  const other = { ...span, spanId: "3".repeat(16), kind: 2 };
  const problems = async (prefix: string) =>
    (await diagnoseManticore({ url: searchd.url, prefix })).filter(
      ({ level, subject }) => level === "problem" && subject === "tables",
    );

  it("is reported by writes and by doctor, and repaired by maintain", async () => {
    const prefix = freshPrefix();
    const table = `${prefix}spans_20260304`;
    await using store = await openManticoreStore({ url: searchd.url, prefix });
    await store.write(ofShop([span]));
    await ask(searchd.url, `ALTER TABLE ${table} DROP COLUMN kind`);
    await ask(searchd.url, `ALTER TABLE ${table} DROP COLUMN tags`);
    await expect(store.write(ofShop([other]))).rejects.toMatchObject({
      code: "INCOMPATIBLE_SCHEMA",
      message: expect.stringMatching(`cannot write to ${table}: the table lacks the column (kind|tags)`),
      hint: expect.stringContaining("maintain repair"),
    });
    expect(await problems(prefix)).toEqual([
      expect.objectContaining({
        text: `${table} lacks kind, tags: writes fail`,
        advice: expect.stringContaining(`ALTER TABLE ${table} ADD COLUMN kind string`),
      }),
    ]);
    await using maintenance = openManticoreMaintenance({ url: searchd.url, prefix });
    expect(await maintenance.repair()).toHaveLength(2);
    await store.write(ofShop([other]));
    expect(await ask(searchd.url, `SELECT kind FROM ${prefix}spans ORDER BY span_id ASC`)).toMatchObject([
      { kind: "" },
      { kind: "server" },
    ]);
    expect(await problems(prefix)).toEqual([]);
  });

  it("is reported by writes and by doctor when it has fragments", async () => {
    const prefix = freshPrefix();
    const table = `${prefix}fragments_20260304`;
    await using store = await openManticoreStore({ url: searchd.url, prefix });
    await store.write(ofShop([span]));
    await ask(searchd.url, `ALTER TABLE ${table} DROP COLUMN start_time`);
    await expect(store.write(ofShop([other]))).rejects.toMatchObject({
      code: "INCOMPATIBLE_SCHEMA",
      message: expect.stringContaining(`cannot write to ${table}: the table lacks the column start_time`),
    });
    expect(await problems(prefix)).toContainEqual(
      expect.objectContaining({ text: `${table} lacks start_time: writes and reads fail` }),
    );
  });

  it.each(["start_time", "sequence", "encoded"])(
    "fails every read that covers it and whole tables: %s",
    async (column) => {
      const prefix = freshPrefix();
      const dayBefore = { startTimeUnixNano: span.startTimeUnixNano - dayNanos };
      const expected = {
        code: "INCOMPATIBLE_SCHEMA",
        message: expect.stringContaining(`${prefix}fragments_20260303 lacks the column ${column}`),
      };
      await using store = await openManticoreStore({ url: searchd.url, prefix });
      await store.write(ofShop([span, { ...span, ...dayBefore, endTimeUnixNano: span.startTimeUnixNano }]));
      await ask(searchd.url, `ALTER TABLE ${prefix}fragments_20260303 DROP COLUMN ${column}`);
      const { traceId } = span;
      await expect(drain(store.getTraces([traceId]))).rejects.toMatchObject(expected);
      await expect(store.findTraceIds({ service: "shop", limit: 100 })).rejects.toMatchObject(expected);
      await expect(drain(store.findTraces({ service: "shop" }))).rejects.toMatchObject(expected);
      await expect(drain(store.findSpans({}))).rejects.toMatchObject(expected);
      const all = { startTimeUnixNano: 0n, endTimeUnixNano: span.endTimeUnixNano };
      await expect(store.getDependencies(all)).rejects.toMatchObject(expected);
      // Opening the store reads the highest sequence.
      await using other = await openManticoreStore({ url: searchd.url, prefix });
      if (column === "sequence") await expect(other.health()).rejects.toMatchObject(expected);
      else await other.health();
    },
  );
});

const dayNanos = 86_400_000_000_000n;

async function drain(items: AsyncIterable<unknown>): Promise<void> {
  for await (const item of items) void item;
}

it("warns of thousands of windows, and not of hundreds", () => {
  expect(limitFindings("hour", 720, 1_440)).toEqual([]);
  expect(limitFindings("hour", 2_881, 5_762)).toEqual([
    expect.objectContaining({
      level: "warning",
      text: expect.stringContaining("11524 files"),
      advice: expect.stringContaining("day"),
    }),
  ]);
});
