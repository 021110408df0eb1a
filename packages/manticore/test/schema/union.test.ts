import { diagnoseManticore, openManticoreMaintenance, openManticoreStore } from "@spanstore/manticore";
import { afterAll, afterEach, beforeAll, expect, it, vi } from "vitest";
import { describeWithPeer } from "../../../../scripts/test-support/peers.js";
import { until } from "../../../../scripts/test-support/processes.js";
import { ofShop, span } from "../one-span.js";
import { freshPrefix, type Searchd, startSearchd } from "../searchd.js";
import { ask } from "../sql.js";

const day = 86_400_000_000_000n;
const upkeepMillis = 60_000;

describeWithPeer("manticore", "the union of all days", (located) => {
  let searchd: Searchd;
  beforeAll(async () => {
    searchd = await startSearchd(located);
  });
  afterAll(() => searchd?.close());
  afterEach(() => void vi.useRealTimers());

  const days = [0n, 1n, 2n].map((i) => {
    const startTimeUnixNano = span.startTimeUnixNano - i * day;
    return { ...span, startTimeUnixNano, endTimeUnixNano: startTimeUnixNano + 1n };
  });
  const spansOf = (prefix: string) => ask(searchd.url, `SELECT span_id FROM ${prefix}spans`);
  const faults = async (prefix: string): Promise<string[]> =>
    (await diagnoseManticore({ url: searchd.url, prefix }))
      .filter(({ text }) => text.includes(`${prefix}spans `))
      .map(({ level }) => level);

  it("is repaired by a server, with a warning, after a day was dropped by hand", async () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    const prefix = freshPrefix();
    const warnings: string[] = [];
    const warn = (message: string): unknown => warnings.push(message);
    await using store = await openManticoreStore({ url: searchd.url, prefix, warn });
    await store.write(ofShop(days));
    expect(await spansOf(prefix)).toHaveLength(3);
    await ask(searchd.url, `DROP TABLE ${prefix}spans_20260303`);
    await expect(spansOf(prefix)).rejects.toThrow("unknown local table");
    expect(await faults(prefix)).toEqual(["problem"]);
    vi.advanceTimersByTime(upkeepMillis);
    await until(async () => (warnings.length > 0 ? true : undefined), {
      what: "a warning",
      timeoutMs: 20_000,
    });
    expect(warnings).toEqual([expect.stringContaining(`${prefix}spans joins ${prefix}spans_20260303`)]);
    expect(await spansOf(prefix)).toHaveLength(2);
    expect(await faults(prefix)).toEqual([]);
  });

  it("is repaired by maintain when it is gone or lacks a day", async () => {
    const prefix = freshPrefix();
    await using store = await openManticoreStore({ url: searchd.url, prefix });
    await store.write(ofShop(days));
    await using maintenance = openManticoreMaintenance({ url: searchd.url, prefix });
    await ask(searchd.url, `DROP TABLE ${prefix}spans`);
    expect(await faults(prefix)).toEqual(["problem"]);
    expect(await maintenance.repair()).toEqual([expect.stringContaining(`${prefix}spans is gone`)]);
    expect(await spansOf(prefix)).toHaveLength(3);
    await ask(searchd.url, `DROP TABLE ${prefix}spans`);
    await ask(
      searchd.url,
      `CREATE TABLE ${prefix}spans type='distributed' local='${prefix}spans_20260303' local='${prefix}spans_20260304'`,
    );
    expect(await faults(prefix)).toEqual(["warning"]);
    expect(await maintenance.repair()).toEqual([expect.stringContaining(`${prefix}spans lacks`)]);
    expect(await spansOf(prefix)).toHaveLength(3);
    expect(await maintenance.repair()).toEqual([]);
  });
});
