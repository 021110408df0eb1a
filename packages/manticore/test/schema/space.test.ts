import type { SpanStore, TracesData } from "@spanstore/core";
import { createSpanStore } from "@spanstore/core/engine";
import { diagnoseManticore, openManticoreStore } from "@spanstore/manticore";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { describeWithPeer } from "../../../../scripts/test-support/peers.js";
import { type Client, createClient } from "../../src/connection/client.js";
import { openEngine } from "../../src/engine.js";
import { checkOptions, type Settings } from "../../src/options.js";
import { freshPrefix, type Searchd, startSearchd } from "../searchd.js";

const day = 86_400_000_000_000n;
const now = BigInt(Date.now()) * 1_000_000n;

function traces(id: number, start: bigint, service: string): TracesData {
  const span = {
    traceId: id.toString(16).padStart(32, "0"),
    spanId: id.toString(16).padStart(16, "0"),
    name: "get",
    startTimeUnixNano: start,
    endTimeUnixNano: start + 1n,
  };
  const attributes = [{ key: "service.name", value: { stringValue: service } }];
  return { resourceSpans: [{ resource: { attributes }, scopeSpans: [{ spans: [span] }] }] };
}

/** A client that fails after a number of statements, as if its process had been killed. */
function endingAfter(client: Client, statements: number): Client {
  let left = statements;
  const counted = <T>(run: () => Promise<T>): Promise<T> =>
    left-- > 0 ? run() : Promise.reject(new Error("killed"));
  return {
    ...client,
    query: (sql, options) => counted(() => client.query(sql, options)),
    session: (all, options) => counted(() => client.session(all, options)),
  };
}

describeWithPeer("manticore", "a namespace", (located) => {
  let searchd: Searchd;
  let shard: Searchd | undefined;
  let client: Client;
  beforeAll(async () => {
    const started = { settings: ["binlog_flush = 0", "listen_backlog = 256"] };
    searchd = await startSearchd(located, started);
    if ("command" in located) shard = await startSearchd(located, started);
    client = createClient(checkOptions({ url: searchd.url }));
  });
  afterAll(async () => {
    await client?.close();
    await searchd?.close();
    await shard?.close();
  });
  const sql = async (statement: string): Promise<string[][]> =>
    (await client.query(statement)).map((row) => row.map(String));

  describe.each(["on one daemon", "on shards"])("%s", (layout) => {
    const sharded = layout === "on shards";
    it.skipIf(sharded && !("command" in located))(
      "stays correct wherever a deletion is killed, and the next deletion completes it",
      { timeout: 120_000 },
      async () => {
        const settings: Settings = checkOptions({
          url: searchd.url,
          ...(sharded && { shards: [`${shard?.url}?agent=${shard?.agent}`] }),
        });
        const home = createClient(settings, { addresses: settings.addresses, agents: sharded });
        const shards = settings.shards.map((address) => createClient(settings, { addresses: [address] }));
        const clients = [home, ...shards];
        const tablesOf = async (prefix: string): Promise<string[]> => {
          const found = await Promise.all(clients.map((each) => each.query(`SHOW TABLES LIKE '${prefix}%'`)));
          return found.flat().map(([name]) => String(name));
        };
        try {
          let over = false;
          for (let statements = 0; !over; statements += sharded ? 2 : 1) {
            const prefix = freshPrefix();
            const open = async (limit = Number.POSITIVE_INFINITY): Promise<SpanStore> => {
              const engine = await openEngine({ client: home, shards, settings, prefix });
              if (limit === Number.POSITIVE_INFINITY) return createSpanStore(engine);
              // The store opens without the limit: only statements of the deletion count.
              await engine.close();
              let counting = false;
              const limited = clients.map((each) => {
                const ending = endingAfter(each, limit);
                const pick = (): Client => (counting ? ending : each);
                return {
                  ...each,
                  query: (...args: Parameters<Client["query"]>) => pick().query(...args),
                  session: (...args: Parameters<Client["session"]>) => pick().session(...args),
                };
              });
              const [first, ...others] = limited as [Client, ...Client[]];
              const store = createSpanStore(
                await openEngine({ client: first, shards: others, settings, prefix }),
              );
              counting = true;
              return store;
            };
            const store = await open();
            await store.write(traces(1, now - 3n * day, "old"));
            await store.write(traces(2, now - 2n * day, "older"));
            await store.write(traces(3, now, "new"));
            await store.close();

            const killed = await open(statements);
            over = await killed.deleteBefore(now - day).then(
              () => true,
              () => false,
            );
            await killed.close();

            const after = await open();
            const found = await after.findTraceIds({ service: "new" });
            expect(found.traces.length, `after ${statements} statements`).toBe(1);
            // Any of the deleted traces may be left; each is whole or gone, and no read fails.
            await after.findTraceIds({});
            for await (const { truncated } of after.getTraces([
              "1".padStart(32, "0"),
              "2".padStart(32, "0"),
            ])) {
              expect(truncated).toBeUndefined();
            }
            const inSql = Number((await sql(`SELECT COUNT(*) FROM ${prefix}spans`))[0]?.[0]);
            expect(inSql).toBeGreaterThanOrEqual(1);
            await after.write(traces(4, now, "new"));
            await after.deleteBefore(now - day);
            expect(await after.getServices()).toEqual(["new"]);
            expect(await sql(`SELECT COUNT(*) FROM ${prefix}spans`)).toEqual([["2"]]);
            const left = (await tablesOf(prefix)).filter((name) => /_(spans|fragments)_\d+$/.test(name));
            // Today's window, and late in the day tomorrow's.
            expect(new Set(left.map((name) => name.slice(-8))).size).toBeLessThanOrEqual(2);
            await after.purge();
            await after.close();
            const names = (await tablesOf(prefix)).sort().reverse();
            for (const each of clients) {
              for (const name of names) await each.query(`DROP TABLE IF EXISTS ${name}`);
            }
          }
        } finally {
          for (const each of clients) await each.close();
        }
      },
    );
  });

  it("expires by whole windows, and a dry run lists them", async () => {
    await using store = await openManticoreStore({ url: searchd.url, prefix: freshPrefix() });
    await store.write(traces(1, now - 3n * day, "old"));
    await store.write(traces(2, now - day, "yesterday"));
    await store.write(traces(3, now, "new"));
    const windows = await store.expire(now - 2n * day, { dryRun: true });
    expect(windows).toEqual([
      { name: expect.stringMatching(/spans_\d{8}$/), spans: 1, bytes: expect.any(Number) },
    ]);
    expect((await store.findTraceIds({})).traces.length).toBe(3);
    expect(await store.expire(now - 2n * day)).toEqual(windows);
    expect((await store.findTraceIds({})).traces.length).toBe(2);
    expect((await store.getServices()).sort()).toEqual(["new", "yesterday"]);
    expect(await store.expire(now - 2n * day)).toEqual([]);
  });

  it("keeps the window length that it was made with", async () => {
    const prefix = freshPrefix();
    await using hourly = await openManticoreStore({ url: searchd.url, prefix, window: "hour" });
    await hourly.write(traces(1, now, "shop"));
    await using daily = await openManticoreStore({ url: searchd.url, prefix, window: "day" });
    expect((await daily.findTraceIds({})).traces.length).toBe(1);
    await daily.write(traces(2, now, "shop"));
    expect((await hourly.findTraceIds({})).traces.length).toBe(2);
    await Promise.all([hourly, daily].map((store) => store.forTenant("acme").write(traces(3, now, "shop"))));
    expect(await daily.tenants()).toEqual(["acme"]);
    for (const store of [hourly, daily]) {
      expect((await store.forTenant("acme").findTraceIds({})).traces.length).toBe(1);
    }
  });

  it("of a newer version or of another program is left untouched", async () => {
    const newer = freshPrefix();
    await (async () => {
      await using store = await openManticoreStore({ url: searchd.url, prefix: newer });
      await store.write(traces(1, now, "shop"));
    })();
    await sql(
      `REPLACE INTO ${newer}stop_terms (id,window_start,terms) VALUES (1,-1,'{"version":2,"window":"day"}')`,
    );
    const before = await sql(`SHOW TABLES LIKE '${newer}%'`);
    await using store = await openManticoreStore({ url: searchd.url, prefix: newer });
    const refusal = { code: "INCOMPATIBLE_SCHEMA", message: expect.stringContaining("newer version (2)") };
    await expect(store.health()).rejects.toMatchObject(refusal);
    await expect(store.write(traces(2, now, "shop"))).rejects.toMatchObject(refusal);
    await expect(store.deleteBefore(now + day)).rejects.toMatchObject(refusal);
    expect(await sql(`SHOW TABLES LIKE '${newer}%'`)).toEqual(before);
    expect(await sql(`SELECT COUNT(*) FROM ${newer}spans`)).toEqual([["1"]]);

    for (const table of ["spans", "stop_terms"]) {
      const prefix = freshPrefix();
      await sql(`CREATE TABLE ${prefix}${table} (id bigint, title text)`);
      await sql(`INSERT INTO ${prefix}${table} (id, title) VALUES (1, 'mine')`);
      await using foreign = await openManticoreStore({ url: searchd.url, prefix });
      await expect(foreign.write(traces(1, now, "shop"))).rejects.toMatchObject({
        code: "INCOMPATIBLE_SCHEMA",
        field: "prefix",
        message: `the table ${prefix}${table} is another program's`,
      });
      expect(await sql(`SELECT title FROM ${prefix}${table}`)).toEqual([["mine"]]);
    }
  });

  it("warns once of a different window and of different attributes, as does the diagnosis", async () => {
    const prefix = freshPrefix();
    const warnings: string[] = [];
    const options = { url: searchd.url, prefix, warn: (message: string) => void warnings.push(message) };
    const first = await openManticoreStore({ ...options, window: "hour" });
    await first.write(traces(1, now, "shop"));
    await first.close();
    const rows = await sql(`SELECT terms FROM ${prefix}stop_terms WHERE window_start = -1`);
    expect(JSON.parse(rows[0]?.[0] ?? "")).toEqual({ version: 1, window: "hour", attributes: "stored" });
    expect(warnings).toEqual([expect.stringContaining("binlog_flush = 0")]);
    warnings.length = 0;

    const other = { ...options, window: "day", attributes: "json" } as const;
    const differences = [
      "window is day here and hour in the store: tables of one hour are made",
      "attributes is json here and stored in the store: each table has the option of the server that makes it",
    ];
    const found = (await diagnoseManticore(other)).filter(({ text }) => differences.includes(text));
    expect(found).toEqual(
      ["window", "attributes"].map((subject, i) => ({
        level: "warning",
        subject,
        text: differences[i],
        advice: `give all servers of this store the same ${subject}`,
      })),
    );
    await using second = await openManticoreStore(other);
    await second.write(traces(2, now, "shop"));
    expect(warnings).toEqual([
      expect.stringContaining("binlog_flush = 0"),
      ...differences.map((text) => expect.stringContaining(text)),
    ]);
    // The store has the attributes of the last server now.
    expect(await diagnoseManticore({ ...other, window: "hour" })).not.toContainEqual(
      expect.objectContaining({ subject: "attributes" }),
    );
  });

  it("is diagnosed: missing, whole, with a foreign table and a lost table", async () => {
    const prefix = freshPrefix();
    const options = { url: searchd.url, prefix };
    const subjects = async (level: string): Promise<string[]> =>
      (await diagnoseManticore(options)).filter((each) => each.level === level).map(({ text }) => text);
    expect(await subjects("ok")).toContainEqual(expect.stringContaining("it is made when it is used"));
    await using store = await openManticoreStore(options);
    await store.write(traces(1, now - 3n * day, "shop"));
    await store.forTenant("Acme/1").write(traces(2, now, "shop"));
    expect(await subjects("problem")).toEqual([]);
    expect(await subjects("warning")).toEqual([expect.stringContaining("binlog_flush = 0")]);
    expect(await subjects("ok")).toContainEqual(expect.stringContaining("spans: 1,"));
    const [fragments] = (await sql(`SHOW TABLES LIKE '${prefix}fragments_%'`))[0] ?? [];
    await sql(`DROP TABLE ${fragments}`);
    await sql(`CREATE TABLE ${prefix}own (id bigint)`);
    expect(await subjects("warning")).toEqual([
      expect.stringContaining("binlog_flush = 0"),
      expect.stringContaining(`${prefix}own is not a table of the store`),
      expect.stringContaining(`${fragments} is missing`),
    ]);
  });
});
