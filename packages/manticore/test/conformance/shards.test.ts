import { once } from "node:events";
import { decodeTraces, isSpanStoreError, type SpanStore, type TracesData } from "@spanstore/core";
import { describeSpanStore } from "@spanstore/core/testing";
import { type ManticoreOptions, openManticoreStore } from "@spanstore/manticore";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createProgress } from "../../../../scripts/test-support/kill/progress.js";
import { describeWithPeer } from "../../../../scripts/test-support/peers.js";
import { freshPrefix, type Searchd, startSearchd } from "../searchd.js";
import { ask } from "../sql.js";

const hour = 3_600_000_000_000n;
const noon = 1_772_625_600_000_000_000n;

function traceIdOf(trace: number): string {
  // An id of zeros is invalid.
  return (trace + 1).toString(16).padStart(32, "0");
}

/** A trace of two spans; traces start an hour apart. */
function request(trace: number): TracesData {
  const start = noon + BigInt(trace) * hour;
  const spans = ["a", "b"].map((letter, i) => ({
    traceId: traceIdOf(trace),
    spanId: `${letter.repeat(8)}${trace.toString(16).padStart(8, "0")}`,
    ...(i === 1 && { parentSpanId: `${"a".repeat(8)}${trace.toString(16).padStart(8, "0")}` }),
    name: `op ${trace % 3}`,
    startTimeUnixNano: start + BigInt(i),
    endTimeUnixNano: start + 10n,
  }));
  const resource = (name: string) => ({
    attributes: [{ key: "service.name", value: { stringValue: name } }],
  });
  return {
    resourceSpans: spans.map((span, i) => ({
      resource: resource(i === 0 ? "front" : "back"),
      scopeSpans: [{ spans: [span] }],
    })),
  };
}

describeWithPeer("manticore", "shards", (located) => {
  let home: Searchd;
  let shards: Searchd[];
  const started = { settings: ["binlog_flush = 1", "listen_backlog = 256"] };
  beforeAll(async () => {
    if (!("command" in located)) return;
    [home, ...shards] = (await Promise.all([1, 2, 3].map(() => startSearchd(located, started)))) as [
      Searchd,
      ...Searchd[],
    ];
  });
  afterAll(async () => {
    for (const each of [home, ...(shards ?? [])]) await each?.close();
  });

  const optionsOf = (prefix: string, more: Partial<ManticoreOptions> = {}): ManticoreOptions => ({
    url: home.url,
    shards: shards.map(({ url, agent }) => `${url}?agent=${agent}`),
    prefix,
    ...more,
  });

  describe.skipIf(!("command" in located))("conform as one daemon does", () => {
    const prefix = freshPrefix();
    describeSpanStore(
      { describe, it },
      {
        name: "Manticore Search, two shards",
        open: (place) => openManticoreStore(optionsOf(`${prefix}${place}_`)),
        persists: true,
        // Chapters that depend on where spans are. Names are on the head, and arguments are checked before any statement.
        chapters: [
          "lifecycle",
          "losslessness",
          "writing",
          "watching",
          "retention",
          "searching",
          "traces as they come",
          "paging",
          "edges of pages",
          "hostile text",
          "dependencies",
          "metrics",
          "tenants",
          "large traces",
          "differential",
        ],
        runs: 5,
      },
    );
  });

  describe.skipIf(!("command" in located))("with many traces", () => {
    const prefix = freshPrefix();
    const traces = 40;
    const all = Array.from({ length: traces }, (_, i) => i);
    let store: SpanStore;
    beforeAll(async () => {
      store = await openManticoreStore(optionsOf(prefix));
      await Promise.all(all.map((trace) => store.write(request(trace))));
    });
    afterAll(() => store?.close());

    it("get the column that tables of an earlier version lack, by a search and by a write", async () => {
      const own = freshPrefix();
      const table = `${own}fragments_20260304`;
      await using other = await openManticoreStore(optionsOf(own));
      await Promise.all(all.slice(0, 8).map((trace) => other.write(request(trace))));
      const dropColumn = async () => {
        for (const { url } of shards) await ask(url, `ALTER TABLE ${table} DROP COLUMN oldest_start`);
      };
      await dropColumn();
      const until = { startTimeMaxUnixNano: noon + 3n * hour };
      const { traces: found } = await other.findTraceIds({ ...until, limit: 100 });
      expect(found.map(({ traceId }) => traceId)).toEqual([3, 2, 1, 0].map(traceIdOf));
      await dropColumn();
      expect(await other.write(request(9))).toMatchObject({ accepted: 2 });
      for (const { url } of shards) {
        const rows = await ask(url, `SELECT COUNT(*) AS fragments FROM ${table} WHERE oldest_start >= 0`);
        expect(rows[0]?.fragments).toBeGreaterThan(0);
      }
    });

    it("hold a part each, and SQL on the head sees all spans", async () => {
      const parts = await Promise.all(
        shards.map(async ({ url }) => {
          const tables = await ask(url, `SHOW TABLES LIKE '${prefix}spans_%'`);
          const counts = await Promise.all(
            tables.map(({ Table }) => ask(url, `SELECT COUNT(*) AS spans FROM ${Table}`)),
          );
          return counts.reduce((sum, [row]) => sum + (row?.spans as number), 0);
        }),
      );
      expect(Math.min(...parts)).toBeGreaterThan(traces / 2);
      expect(parts.reduce((sum, part) => sum + part, 0)).toBe(traces * 2);
      expect(await ask(home.url, `SELECT COUNT(*) AS spans FROM ${prefix}spans`)).toEqual([
        { spans: traces * 2 },
      ]);
      expect(
        await ask(
          home.url,
          `SELECT service_name, COUNT(*) AS spans FROM ${prefix}spans GROUP BY service_name ORDER BY service_name ASC`,
        ),
      ).toEqual([
        { service_name: "back", spans: traces },
        { service_name: "front", spans: traces },
      ]);
      expect(
        await ask(
          home.url,
          `SELECT trace_id, logs FROM ${prefix}spans WHERE service_name = 'front' ORDER BY start_time DESC LIMIT 3`,
        ),
      ).toEqual([39, 38, 37].map((trace) => ({ trace_id: traceIdOf(trace), logs: "[]" })));
    });

    it("give the newest traces in order, and keep no copies of repeated pieces", async () => {
      const pieces = all.flatMap((trace) => request(trace).resourceSpans);
      await Promise.all(pieces.map((piece) => store.write({ resourceSpans: [piece] })));
      expect(await ask(home.url, `SELECT COUNT(*) AS spans FROM ${prefix}spans`)).toEqual([
        { spans: traces * 2 },
      ]);
      const found = await store.findTraceIds({ service: "front", limit: 5 });
      expect(found.traces.map(({ traceId }) => traceId)).toEqual([39, 38, 37, 36, 35].map(traceIdOf));
      const range = { startTimeUnixNano: noon, endTimeUnixNano: noon + 100n * hour };
      expect(await store.getDependencies(range)).toMatchObject([
        { parent: "front", child: "back", callCount: BigInt(traces) },
      ]);
    });

    it("fail reads while one is down, and still take spans", async () => {
      const [, second] = shards as [Searchd, Searchd];
      await using hasty = await openManticoreStore(optionsOf(prefix, { retryMillis: 50 }));
      await hasty.health();
      const { process } = second.program() as NonNullable<ReturnType<Searchd["program"]>>;
      const ended = once(process, "exit");
      process.kill("SIGKILL");
      await ended;
      const error = {
        code: "STORE_UNAVAILABLE",
        message: expect.stringContaining("got no answer from a shard"),
      };
      await expect(hasty.findTraceIds({ service: "front" })).rejects.toMatchObject(error);
      await expect(
        (async () => {
          for await (const _ of hasty.getTraces(all.map(traceIdOf))) void _;
        })(),
      ).rejects.toMatchObject(error);
      await expect(
        hasty.getDependencies({ startTimeUnixNano: 0n, endTimeUnixNano: 2n ** 63n }),
      ).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
      // The spans written above are stored already; half of these new ones belong to the shard that is down.
      const later = Array.from({ length: 10 }, (_, i) => traces - 1 - i);
      for (const trace of later) await hasty.write(withEvent(trace));
      await hasty.health();

      // A search begins while the shard is down, and ends when it is back, however long the shard takes to start.
      await using patient = await openManticoreStore(optionsOf(prefix, { retryMillis: 60_000 }));
      const waiting = patient.findTraceIds({ service: "front", limit: traces });
      await second.start();
      expect((await waiting).traces.length).toBe(traces);
      const spans: string[] = [];
      for await (const { encoded } of hasty.getTraces(all.map(traceIdOf))) {
        for (const { scopeSpans } of decodeTraces(encoded).resourceSpans) {
          for (const each of scopeSpans) spans.push(...each.spans.map(({ spanId }) => spanId));
        }
      }
      expect(spans.length).toBe(traces * 2 + later.length);
      // Repeats the writes now that the shard is back: the other shard has copies of its spans.
      for (const trace of later) await hasty.write(withEvent(trace));
      for (const trace of later) {
        const [summary] = await summariesOf(hasty, trace);
        expect(summary?.spanCount).toBe(3);
      }
    });

    it("keep every span once when one is killed during ingest", {
      timeout: 120_000,
    }, async () => {
      const own = freshPrefix();
      const [first] = shards as [Searchd, Searchd];
      await using hasty = await openManticoreStore(optionsOf(own, { retryMillis: 50 }));
      await hasty.write(request(0));
      let next = 1;
      const acknowledged = createProgress();
      let over = false;
      const send = async (): Promise<void> => {
        while (!over) {
          const trace = next++;
          // Retries an unacknowledged write, as Jaeger does.
          for (let done = false; !done; ) {
            done = await hasty.write(withinADay(trace)).then(
              () => true,
              (error: unknown) => {
                if (isSpanStoreError(error) && error.code === "STORE_UNAVAILABLE") return false;
                throw error;
              },
            );
          }
          acknowledged.step();
        }
      };
      const sending = Promise.all([send(), send(), send()]);
      await Promise.race([sending, acknowledged.reached(30)]);
      const { process } = first.program() as NonNullable<ReturnType<Searchd["program"]>>;
      const ended = once(process, "exit");
      process.kill("SIGKILL");
      await ended;
      const before = acknowledged.count();
      await Promise.race([sending, acknowledged.reached(before + 30)]);
      await first.start();
      await Promise.race([sending, acknowledged.reached(before + 60)]);
      over = true;
      await sending;
      const counts: number[] = [];
      for await (const { summaries } of hasty.findTraceSummaries({ limit: 100_000 })) {
        counts.push(...summaries.map(({ spanCount }) => spanCount));
      }
      expect(counts).toEqual(Array.from({ length: next }, () => 2));
    });

    it("can be extended by a shard, and old spans are still found", async () => {
      const third = await startSearchd(located, started);
      try {
        const options = optionsOf(prefix);
        await using larger = await openManticoreStore({
          ...options,
          shards: [...(options.shards ?? []), `${third.url}?agent=${third.agent}`],
        });
        expect((await larger.findTraceIds({ limit: 100 })).traces.length).toBe(traces);
        for (let trace = traces; trace < traces + 20; trace++) await larger.write(request(trace));
        expect((await larger.findTraceIds({ limit: 100 })).traces.length).toBe(traces + 20);
        await larger.deleteBefore(noon + BigInt(traces) * hour);
        expect((await larger.findTraceIds({ limit: 100 })).traces.length).toBe(20);
      } finally {
        await third.close();
      }
    });
  });

  describe.skipIf(!("command" in located))("and a store without shards", () => {
    it("refuse each other's tables", async () => {
      const [plain, sharded] = [freshPrefix(), freshPrefix()];
      await using one = await openManticoreStore({ url: home.url, prefix: plain });
      await one.write(request(1));
      await using many = await openManticoreStore(optionsOf(sharded));
      await many.write(request(1));
      await using wrong = await openManticoreStore(optionsOf(plain));
      await expect(wrong.health()).rejects.toMatchObject({ code: "INCOMPATIBLE_SCHEMA", field: "shards" });
      await using wrongToo = await openManticoreStore({ url: home.url, prefix: sharded });
      await expect(wrongToo.health()).rejects.toMatchObject({ code: "INCOMPATIBLE_SCHEMA", field: "shards" });
      expect((await one.findTraceIds({})).traces.length).toBe(1);
      expect((await many.findTraceIds({})).traces.length).toBe(1);
    });
  });
});

/** The same trace within one day: a new window would need all shards. */
function withinADay(trace: number): TracesData {
  const resourceSpans = request(trace).resourceSpans.map((each) => ({
    ...each,
    scopeSpans: each.scopeSpans.map(({ spans }) => ({
      spans: spans.map((span, i) => ({
        ...span,
        startTimeUnixNano: noon + BigInt(trace * 10 + i),
        endTimeUnixNano: noon + BigInt(trace * 10 + i) + 1n,
      })),
    })),
  }));
  return { resourceSpans };
}

/** A further span of the request's trace. */
function withEvent(trace: number): TracesData {
  const [front] = request(trace).resourceSpans;
  const span = front?.scopeSpans[0]?.spans[0];
  if (front === undefined || span === undefined) throw new Error("a request without spans");
  return {
    resourceSpans: [
      { ...front, scopeSpans: [{ spans: [{ ...span, spanId: `${"c".repeat(8)}${span.spanId.slice(8)}` }] }] },
    ],
  };
}

async function summariesOf(store: SpanStore, trace: number) {
  const found = [];
  const start = noon + BigInt(trace) * hour;
  const query = { startTimeMinUnixNano: start, startTimeMaxUnixNano: start + 10n };
  for await (const { summaries } of store.findTraceSummaries(query)) found.push(...summaries);
  return found;
}
