import { once } from "node:events";
import type { Span, SpanStore, TracesData } from "@spanstore/core";
import { diagnoseManticore, openManticoreMaintenance, openManticoreStore } from "@spanstore/manticore";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { describeWithPeer } from "../../../../scripts/test-support/peers.js";
import { type RunningProgram, until } from "../../../../scripts/test-support/processes.js";
import { createStarts } from "../../src/connection/pool.js";
import { freshPrefix, type Searchd, startSearchd } from "../searchd.js";
import { ask } from "../sql.js";

const start = BigInt(Date.now()) * 1_000_000n - 3_600_000_000_000n;
const fragmentsPerRequest = 500;

/** Traces of several spans each, all with the same color. */
function request(service: string, first: number, traces = fragmentsPerRequest, spansEach = 4): TracesData {
  const spans: Span[] = [];
  for (let trace = first; trace < first + traces; trace++) {
    for (let i = 0; i < spansEach; i++) {
      const startTimeUnixNano = start + BigInt(trace) * 1_000n;
      spans.push({
        traceId: trace.toString(16).padStart(32, "0"),
        spanId: (trace * 16 + i + 1).toString(16).padStart(16, "0"),
        name: `op ${i}`,
        startTimeUnixNano,
        endTimeUnixNano: startTimeUnixNano + 1n,
        attributes: [{ key: "color", value: { stringValue: "red" } }],
      });
    }
  }
  const attributes = [{ key: "service.name", value: { stringValue: service } }];
  return { resourceSpans: [{ resource: { attributes }, scopeSpans: [{ spans }] }] };
}

describe("restarts of a searchd", () => {
  it("are noticed by its uptime, and by connection ids that come again", () => {
    let now = 0;
    const starts = createStarts(() => now);
    starts.note(1, 5_000);
    now = 60_000;
    starts.note(2, 65_900);
    expect(starts.count()).toBe(0);
    starts.note(9, 1_000);
    expect(starts.count()).toBe(1);
    now = 61_000;
    starts.note(10, 2_000);
    expect(starts.count()).toBe(1);
    starts.note(9, 1_000);
    expect(starts.count()).toBe(2);
  });
});

describeWithPeer("manticore", "a killed searchd without a binary log", (located) => {
  let searchd: Searchd;
  let prefix: string;
  beforeEach(async () => {
    searchd = await startSearchd(located, { settings: ["binlog_path ="] });
    prefix = freshPrefix();
  });
  afterEach(() => searchd?.close());

  const kill = async (): Promise<void> => {
    const { process } = searchd.program() as RunningProgram;
    const ended = once(process, "exit");
    process.kill("SIGKILL");
    await ended;
    await searchd.start();
  };
  const tables = async (form: RegExp): Promise<string[]> =>
    (await ask(searchd.url, `SHOW TABLES LIKE '${prefix}%'`))
      .map(({ Table }) => String(Table))
      .filter((name) => form.test(name));
  const lists = async (): Promise<unknown[]> =>
    ask(searchd.url, `SELECT id FROM ${prefix}stop_terms WHERE window_start >= 0`);
  /** Writes enough for the color to become a stop term, and saves the rows of spans: a kill loses only the lists. */
  const prepare = async (store: SpanStore): Promise<void> => {
    await store.write(request("early", 0));
    for (let i = 1; i < 10; i++) await store.write(request("shop", i * fragmentsPerRequest));
    expect(await lists()).not.toEqual([]);
    for (const table of await tables(/_(spans|fragments)_\d+$/)) {
      await ask(searchd.url, `FLUSH RAMCHUNK ${table}`);
    }
  };
  const newest = async (store: SpanStore): Promise<string[]> =>
    (await store.findTraceIds({ attributes: { color: "red" }, limit: 50 })).traces.map(
      ({ traceId }) => traceId,
    );
  const problems = async (): Promise<string[]> =>
    (await diagnoseManticore({ url: searchd.url, prefix }))
      .filter(({ level, subject }) => level === "problem" && subject !== "binary log")
      .map(({ subject }) => subject);

  it.skipIf(!("command" in located))(
    "loses no list that later spans need to be found",
    { timeout: 120_000 },
    async () => {
      await using store = await openManticoreStore({ url: searchd.url, prefix, window: "week" });
      await prepare(store);
      await kill();
      expect(await ask(searchd.url, `SELECT id FROM ${prefix}stop_terms`)).toEqual([]);
      const written: string[] = [];
      for (let i = 10; i < 20; i++) {
        const { accepted } = await store.write(request("late", i * fragmentsPerRequest));
        expect(accepted).toBe(2_000);
        for (let n = 0; n < 500; n++)
          written.push((i * fragmentsPerRequest + n).toString(16).padStart(32, "0"));
      }
      const expected = written.slice(-50).reverse();
      expect(await newest(store)).toEqual(expected);
      await using other = await openManticoreStore({ url: searchd.url, prefix });
      expect(await newest(other)).toEqual(expected);
      await until(async () => ((await other.getServices()).includes("early") ? true : undefined), {
        what: "the services of spans written before",
        timeoutMs: 20_000,
      });
      expect(await other.getServices()).toEqual(["early", "late", "shop"]);
      const [format] = await ask(searchd.url, `SELECT terms FROM ${prefix}stop_terms WHERE id = 1`);
      expect(format?.terms).toContain("week");
      expect(await problems()).toEqual([]);
    },
  );

  it.skipIf(!("command" in located))(
    "loses lists that no running server restores: doctor reports them, and maintain repairs them",
    { timeout: 120_000 },
    async () => {
      {
        await using store = await openManticoreStore({ url: searchd.url, prefix });
        await prepare(store);
        await store.write(request("shop", 20 * fragmentsPerRequest));
        for (const table of await tables(/_(spans|fragments)_\d+$/)) {
          await ask(searchd.url, `FLUSH RAMCHUNK ${table}`);
        }
      }
      await kill();
      expect(await problems()).toEqual(["format", "stop terms", "names"]);
      await using maintenance = openManticoreMaintenance({ url: searchd.url, prefix });
      expect(await maintenance.repair()).toEqual([
        expect.stringContaining("its index lacks"),
        expect.stringContaining("services and operations are back"),
      ]);
      expect(await maintenance.repair()).toEqual([]);
      expect(await problems()).toEqual([]);
      await using store = await openManticoreStore({ url: searchd.url, prefix });
      const last = 21 * fragmentsPerRequest - 1;
      expect(await newest(store)).toEqual(
        Array.from({ length: 50 }, (_, i) => (last - i).toString(16).padStart(32, "0")),
      );
      expect(await store.getServices()).toEqual(["early", "shop"]);
    },
  );

  it.skipIf(!("command" in located))("keeps the window length, derived from table names", async () => {
    {
      await using store = await openManticoreStore({ url: searchd.url, prefix, window: "hour" });
      await store.write(request("shop", 0, 1));
    }
    await kill();
    await using store = await openManticoreStore({ url: searchd.url, prefix });
    await store.write(request("shop", 1, 1));
    for (const table of await tables(/_spans_/)) expect(table).toMatch(/_\d{10}$/);
  });
});
