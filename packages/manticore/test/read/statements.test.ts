import {
  and,
  event,
  not,
  or,
  resource,
  type Span,
  SpanKind,
  type SpanStore,
  some,
  span,
  type TracesData,
} from "@spanstore/core";
import { createSpanStore } from "@spanstore/core/engine";
import { afterAll, afterEach, beforeAll, expect, it, vi } from "vitest";
import { describeWithPeer } from "../../../../scripts/test-support/peers.js";
import { type Client, createClient } from "../../src/connection/client.js";
import { openEngine } from "../../src/engine.js";
import { checkOptions } from "../../src/options.js";
import { idIn } from "../../src/schema/ids.js";
import { createNaming, tenantPrefix } from "../../src/schema/naming.js";
import { placesOf } from "../../src/schema/places.js";
import { defaultTuning } from "../../src/schema/tuning.js";
import { createUnion } from "../../src/schema/unions.js";
import { createWindows } from "../../src/schema/windows.js";
import { freshPrefix, type Searchd, startSearchd } from "../searchd.js";

const clock = new Date("2026-03-04T05:06:07.089Z");
const now = BigInt(clock.getTime()) * 1_000_000n;
const day = 86_400_000_000_000n;

function trace(
  id: number,
  start: bigint,
  service: string,
  name: string,
  more: Partial<Span> = {},
): TracesData {
  const attributes = [{ key: "service.name", value: { stringValue: service } }];
  return {
    resourceSpans: [
      {
        resource: { attributes },
        scopeSpans: [
          {
            spans: [
              {
                traceId: id.toString(16).padStart(32, "0"),
                spanId: id.toString(16).padStart(16, "0"),
                name,
                kind: SpanKind.server,
                startTimeUnixNano: start,
                endTimeUnixNano: start + 1_234_567n,
                ...more,
              },
            ],
          },
        ],
      },
    ],
  };
}

/** Snapshots of all statements to searchd: a review sees every change. */
describeWithPeer("manticore", "statements", (located) => {
  let searchd: Searchd;
  let client: Client;
  let store: SpanStore;
  const prefix = freshPrefix();
  let statements: string[] = [];
  /** Statements of coordination repeat with time, so each is noted once. */
  const told = new Set<string>();

  beforeAll(async () => {
    searchd = await startSearchd(located);
    const settings = checkOptions({ url: searchd.url });
    const inner = createClient(settings);
    const note = (sql: string): void => {
      const statement = readable(sql);
      if (told.has(statement)) return;
      if (/^SELECT id, busy, |^REPLACE INTO jaeger_control .*\(SERVER,/.test(statement)) told.add(statement);
      statements.push(statement);
    };
    client = {
      ...inner,
      query: (sql, options) => {
        note(sql);
        return inner.query(sql, options);
      },
      together: (all, options) => {
        all.forEach(note);
        return inner.together(all, options);
      },
      session: (all, options) => {
        all.forEach(note);
        return inner.session(all, options);
      },
    };
    // Only the clock is faked: sequence numbers and the current window depend on it.
    vi.useFakeTimers({ toFake: ["Date"], now: clock });
    const tuning = { ...defaultTuning, fragmentsTogether: 3, fragmentsPerPage: 2 };
    const open = (own: string) => openEngine({ client, settings, prefix: own, tuning });
    store = createSpanStore(await open(prefix), (tenant) => open(tenantPrefix(prefix, tenant)));
  });
  afterEach(() => {
    statements = [];
  });
  afterAll(async () => {
    vi.useRealTimers();
    await store?.close();
    await client?.close();
    await searchd?.close();
  });

  function readable(sql: string): string {
    return (
      sql
        .replaceAll(prefix, "jaeger_")
        // The server's id is random, and so is the end of a generation.
        .replace(/^(REPLACE INTO \S+control .*VALUES \()\d{7,},\d+,\d+,/, "$1SERVER,SEQUENCE,SEQUENCE,")
        .replace(/(?<=^INSERT INTO \S+fragments_.*\(\d+,)\d+(?=,\d+,\d+,')/gs, "SEQUENCE")
        .replace(/(?<=sequence (?:>|<=) )\d{2,}/g, "SEQUENCE")
        .replace(/^(REPLACE INTO \S+control .*VALUES \(1,0,)\d+,/, "$1GENERATION,")
        // The number of the layout is random.
        .replace(/^(REPLACE INTO \S+stop_terms .*VALUES \(2,)-\d+,/, "$1NUMBER,")
        .replace(/^(DELETE FROM \S+control WHERE id = )\d+/, "$1SERVER")
        // biome-ignore lint/suspicious/noControlCharactersInRegex: makes control characters readable
        .replace(/[\x00-\x1f\x7f-\xff]/g, (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, "0")}`)
    );
  }

  const searching = async (query: Parameters<SpanStore["findTraceIds"]>[0]): Promise<string[]> => {
    statements = [];
    await store.findTraceIds({ startTimeMinUnixNano: now - day, startTimeMaxUnixNano: now, ...query });
    return statements;
  };

  it("open a space", () => {
    expect(statements).toMatchSnapshot();
  });
  it("write into two windows", async () => {
    const first = trace(1, now, "shop", "GET /it's", {
      attributes: [{ key: "quote", value: { stringValue: "it's \\ \"\0" } }],
    });
    const second = trace(2, now - day, "cart", "get", { parentSpanId: "1".repeat(16) });
    await store.write({ resourceSpans: [...first.resourceSpans, ...second.resourceSpans] });
    expect(statements.toSorted()).toMatchSnapshot();
  });
  it("write what is there already, and what is not", async () => {
    const old = trace(2, now - day, "cart", "get", { parentSpanId: "1".repeat(16) });
    await store.write({
      resourceSpans: [...old.resourceSpans, ...trace(3, now - day, "cart", "put").resourceSpans],
    });
    expect(statements.toSorted()).toMatchSnapshot();
  });
  it("search for a service and attributes", async () => {
    expect(
      await searching({
        service: "shop",
        operation: "get",
        attributes: { "http.method": "GET", error: true },
      }),
    ).toMatchSnapshot();
  });
  it("search for durations, newest two", async () => {
    expect(await searching({ service: "shop", minDurationNano: 1_000_000n, limit: 2 })).toMatchSnapshot();
  });
  it("search by filters", async () => {
    const filters = {
      everything: span.duration.gte("0s"),
      or: or(resource.service.eq("shop"), span.attr("a").in([1, 2])),
      not: and(resource.service.eq("shop"), not(span.attr("a").exists())),
      regex: span.attr("a").regex("x+"),
      some: some(event, and(event.name.eq("exception"), event.attr("a").gt(3))),
      words: span.attr("a").phrase("two", "words"),
    };
    const found: Record<string, readonly string[]> = {};
    for (const [name, filter] of Object.entries(filters)) found[name] = await searching({ filter });
    expect(found).toMatchSnapshot();
  });
  it("read traces, small and large", async () => {
    for (let i = 0; i < 4; i++) await store.write(trace(9, now + BigInt(i), "shop", `op ${i}`));
    statements = [];
    for await (const _ of store.getTraces(["1".padStart(32, "0"), "2".padStart(32, "0")])) void _;
    for await (const _ of store.getTraces(["9".padStart(32, "0")])) void _;
    expect(statements).toMatchSnapshot();
  });
  it("read names", async () => {
    await store.getServices();
    await store.getOperations({ service: "shop" });
    expect(statements).toMatchSnapshot();
  });
  it("begin a walk, and count calls", async () => {
    await store.findTraceIds({ page: { size: 1 } });
    await store.getDependencies({ startTimeUnixNano: now - day, endTimeUnixNano: now });
    await store.getDependencies({ startTimeUnixNano: now - day, endTimeUnixNano: now });
    expect(statements).toMatchSnapshot();
  });
  it("delete up to the middle of a window", async () => {
    await store.deleteBefore(now + 1n);
    expect(statements).toMatchSnapshot();
  });
  it("measure, check, purge", async () => {
    await store.stats();
    await store.health();
    await store.purge();
    expect(statements).toMatchSnapshot();
  });
  it("of a tenant", async () => {
    const tenant = store.forTenant("Acme/1");
    await tenant.getServices();
    // Reads of a tenant without spans make no tables.
    expect(statements).toEqual([]);
    await tenant.write(trace(1, now, "shop", "get"));
    await tenant.getServices();
    expect(statements.filter((sql) => /^(CREATE|SELECT)/.test(sql))).toMatchSnapshot();
  });

  it("of a cluster name it", () => {
    const naming = createNaming({ prefix: "jaeger_", windows: createWindows("day"), cluster: "traces" });
    const table = naming.fragmentTable(naming.windows.at(now));
    expect([
      naming.create(table, naming.fragmentShape),
      naming.drop(table),
      naming.target(table),
    ]).toMatchSnapshot();
  });
  it("of shards join them", () => {
    const { shards } = checkOptions({
      url: "mysql://head:9306",
      shards: ["mysql://user:password@a:9306", "mysqls://b?agent=10.0.0.2:19312"],
    });
    const agents = shards.map(({ agent }) => agent);
    const members = ["jaeger_spans_20260303", "jaeger_spans_20260304"];
    expect([
      createUnion({
        name: "jaeger_fragments_20260304",
        members: ["jaeger_fragments_20260304"],
        agents,
        timeoutMillis: 60_000,
      }),
      createUnion({ name: "jaeger_spans", members, agents, timeoutMillis: 60_000 }),
    ]).toMatchSnapshot();
    const parts = placesOf(
      client,
      [client, client],
      createNaming({ prefix: "", windows: createWindows("day") }),
    );
    const windows = parts.map(({ naming }) => naming.windows.at(now));
    expect(
      windows.map(
        ({ ids, startUnixNano, endUnixNano }) =>
          `${idIn(ids, startUnixNano, 0n)} to ${idIn(ids, endUnixNano - 1n, -1n)}`,
      ),
    ).toMatchSnapshot();
  });
});
