import { type Span, SpanKind, type SpanStore, StatusCode, type TracesData } from "@spanstore/core";
import { openManticoreStore } from "@spanstore/manticore";
import type { RowDataPacket } from "mysql2";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { describeWithPeer } from "../../../../scripts/test-support/peers.js";
import { freshPrefix, type Searchd, startSearchd } from "../searchd.js";
import { ask } from "../sql.js";

const day = 86_400_000_000_000n;
const noon = 1_772_625_600_000_000_000n;

function traceIdOf(trace: number): string {
  return trace.toString(16).padStart(32, "0");
}

function request(trace: number, start: bigint, service: string, more: Partial<Span> = {}): TracesData {
  return {
    resourceSpans: [
      {
        resource: { attributes: [{ key: "service.name", value: { stringValue: service } }] },
        scopeSpans: [
          {
            spans: [
              {
                traceId: traceIdOf(trace),
                spanId: trace.toString(16).padStart(16, "0"),
                name: `op of ${service}`,
                kind: SpanKind.server,
                startTimeUnixNano: start,
                endTimeUnixNano: start + 2_500_001n,
                ...more,
              },
            ],
          },
        ],
      },
    ],
  };
}

describeWithPeer("manticore", "several servers on one searchd", (located) => {
  let searchd: Searchd;
  let prefix = "";
  let stores: SpanStore[] = [];
  const open = async (): Promise<SpanStore> => {
    const store = await openManticoreStore({ url: searchd.url, prefix });
    stores.push(store);
    return store;
  };
  const sql = (statement: string) => ask(searchd.url, statement);
  beforeAll(async () => {
    searchd = await startSearchd(located);
  });
  afterAll(() => searchd?.close());
  beforeEach(() => {
    prefix = freshPrefix();
  });
  afterEach(async () => {
    for (const store of stores) await store.close();
    stores = [];
  });

  it("open a new namespace and make windows at the same time, and the union has all windows", async () => {
    const servers = await Promise.all(Array.from({ length: 5 }, open));
    const days = Array.from({ length: 8 }, (_, i) => noon - BigInt(i) * day);
    await Promise.all(
      servers.flatMap((server, s) =>
        days.map((start, d) => server.write(request(1 + s * days.length + d, start, `service ${s}`))),
      ),
    );
    const spans = servers.length * days.length;
    expect(await sql(`SELECT COUNT(*) AS spans FROM ${prefix}spans`)).toEqual([{ spans }]);
    const members = await sql(`DESC ${prefix}spans`);
    const tables = await sql(`SHOW TABLES LIKE '${prefix}spans_2%'`);
    expect(members.map(({ Agent }) => Agent).sort()).toEqual(tables.map(({ Table }) => Table).sort());
    for (const server of servers) {
      expect((await server.findTraceIds({ limit: spans + 1 })).traces.length).toBe(spans);
      expect((await server.getServices()).length).toBe(servers.length);
    }
  });

  it("write the same spans at the same time, and every span is stored once", async () => {
    const servers = await Promise.all(Array.from({ length: 3 }, open));
    const requests = Array.from({ length: 30 }, (_, i) => request(i + 1, noon + BigInt(i), "shop"));
    await Promise.all(servers.flatMap((server) => requests.map((each) => server.write(each))));
    expect(await sql(`SELECT COUNT(*) AS spans FROM ${prefix}spans`)).toEqual([{ spans: requests.length }]);
    const [first] = servers as [SpanStore];
    const counts: number[] = [];
    for await (const { summaries } of first.findTraceSummaries({})) {
      counts.push(...summaries.map(({ spanCount }) => spanCount));
    }
    expect(counts).toEqual(requests.map(() => 1));
  });

  it("do not disturb each other's walks through pages", async () => {
    const [reader, ...writers] = (await Promise.all([open(), open(), open()])) as [
      SpanStore,
      SpanStore,
      SpanStore,
    ];
    for (let i = 0; i < 20; i++) await writers[i % 2]?.write(request(i + 1, noon + BigInt(i), "shop"));
    let next = 21;
    let walking = true;
    // Newer spans of new traces, and of traces that the walk has not reached yet.
    const write = async (writer: SpanStore): Promise<void> => {
      while (walking) {
        const i = next++;
        await writer.write(request(i % 3 === 0 ? i : 1 + (i % 20), noon + BigInt(i) * 1000n, "late"));
      }
    };
    const writing = writers.map(write);
    const walked: string[] = [];
    for (let token: string | undefined = ""; token !== undefined; ) {
      const page = await reader.findTraceIds({ service: "shop", page: { size: 3, token } });
      walked.push(...page.traces.map(({ traceId }) => traceId));
      token = page.nextPageToken;
    }
    walking = false;
    await Promise.all(writing);
    expect(walked).toEqual(Array.from({ length: 20 }, (_, i) => traceIdOf(20 - i)));
  });

  it("see the writes and deletions of another server at once", async () => {
    const [one, other] = (await Promise.all([open(), open()])) as [SpanStore, SpanStore];
    await one.write(request(1, noon, "shop"));
    await one.write(request(2, noon - 3n * day, "old"));
    expect(await other.getServices()).toEqual(expect.arrayContaining(["shop", "old"]));
    await other.deleteBefore(noon - day);
    expect(await one.getServices()).toEqual(["shop"]);
    // The window and the name are gone, and this server has both in its cache.
    await one.write(request(3, noon - 3n * day, "old"));
    expect((await other.getServices()).sort()).toEqual(["old", "shop"]);
    expect((await other.findTraceIds({ service: "old" })).traces.map(({ traceId }) => traceId)).toEqual([
      traceIdOf(3),
    ]);
    await one.purge();
    await other.write(request(4, noon, "shop"));
    expect(await one.getServices()).toEqual(["shop"]);
    expect(await sql(`SELECT COUNT(*) AS spans FROM ${prefix}spans`)).toEqual([{ spans: 1 }]);
  });

  it("count the same calls, whichever server wrote the spans", async () => {
    const servers = (await Promise.all([open(), open()])) as [SpanStore, SpanStore];
    const range = { startTimeUnixNano: noon - day, endTimeUnixNano: noon + day };
    for (let i = 1; i <= 6; i++) {
      await servers[i % 2]?.write(request(i, noon, "front"));
      await servers[(i + 1) % 2]?.write(
        request(i, noon + 1n, "back", {
          spanId: "b".repeat(16),
          parentSpanId: i.toString(16).padStart(16, "0"),
        }),
      );
      const expected = [{ parent: "front", child: "back", callCount: BigInt(i) }];
      for (const server of servers) expect(await server.getDependencies(range)).toMatchObject(expected);
    }
  });

  describe("people", () => {
    const charge = request(0xabc, noon + 123_456_789n, "payment", {
      parentSpanId: "00000000000000aa",
      status: { code: StatusCode.error, message: "card declined" },
      attributes: [
        { key: "http.response.status_code", value: { intValue: 402n } },
        { key: "it's", value: { stringValue: 'a "quoted" \\ text, \u00e9' } },
      ],
      events: [
        {
          name: "exception",
          timeUnixNano: noon + 124_000_000n,
          attributes: [
            { key: "exception.message", value: { stringValue: "connection refused by upstream" } },
          ],
        },
      ],
      links: [{ traceId: "d".repeat(32), spanId: "e".repeat(16) }],
    });

    it("find the documented columns", async () => {
      const store = await open();
      await store.write(charge);
      const [row] = await sql(`SELECT * FROM ${prefix}spans WHERE trace_id = '${traceIdOf(0xabc)}'`);
      const { id, tags, logs, refs, process, ...columns } = row as RowDataPacket;
      expect(id).toBeGreaterThan(0);
      expect(columns).toEqual({
        trace_id: traceIdOf(0xabc),
        span_id: "0000000000000abc",
        parent_span_id: "00000000000000aa",
        operation_name: "op of payment",
        service_name: "payment",
        kind: "server",
        status: "error",
        start_time: Number((noon + 123_456_789n) / 1000n),
        start_time_nanos: 789,
        duration: 2500,
        duration_nanos: 1,
      });
      expect(JSON.parse(tags)).toEqual({
        "http.response.status_code": 402,
        "it's": 'a "quoted" \\ text, \u00e9',
        "otel.status_description": "card declined",
      });
      expect(JSON.parse(logs)).toEqual([
        {
          timestamp: Number((noon + 124_000_000n) / 1000n),
          event: "exception",
          "exception.message": "connection refused by upstream",
        },
      ]);
      expect(JSON.parse(refs)).toEqual([{ trace_id: "d".repeat(32), span_id: "e".repeat(16) }]);
      expect(JSON.parse(process)).toEqual({ "service.name": "payment" });
      const highlighted = await sql(
        `SELECT HIGHLIGHT({}, 'logs') AS found FROM ${prefix}spans WHERE MATCH('@logs connection refused')`,
      );
      expect(highlighted[0]?.found).toContain("<b>connection refused</b>");
    });

    it.skipIf(!("command" in located))("ask over HTTP too", async () => {
      const store = await open();
      for (let i = 1; i <= 3; i++)
        await store.write(request(i, noon + BigInt(i) * 1_000_000n, `service ${i}`));
      const ask = async (query: string): Promise<unknown[]> => {
        const response = await fetch(`${searchd.httpUrl}/sql?mode=raw`, {
          method: "POST",
          body: `query=${encodeURIComponent(query)}`,
        });
        const [{ data }] = (await response.json()) as [{ data: unknown[] }];
        return data;
      };
      expect(await ask(`SELECT COUNT(*) FROM ${prefix}spans`)).toEqual([{ "count(*)": 3 }]);
      expect(
        await ask(
          `SELECT trace_id, span_id, operation_name, service_name FROM ${prefix}spans ORDER BY start_time DESC LIMIT 10`,
        ),
      ).toEqual(
        [3, 2, 1].map((i) => ({
          trace_id: traceIdOf(i),
          span_id: i.toString(16).padStart(16, "0"),
          operation_name: `op of service ${i}`,
          service_name: `service ${i}`,
        })),
      );
    });
  });
});
