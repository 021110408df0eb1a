import type { SpanStore } from "@spanstore/core";
import { openElasticsearchStore } from "@spanstore/elasticsearch";
import { afterAll, beforeAll, expect, it } from "vitest";
import {
  cleanUp,
  describeWithElasticsearch,
  type Elasticsearch,
  freshPrefix,
  hookMillis,
  sharedElasticsearch,
} from "../../../scripts/test-support/elasticsearch/elasticsearch.js";
import { joined, now, spanOf, traceIdOf } from "./support/spans.js";

/** More than the store names one by one. */
const hours = Number(process.env.SPANSTORE_INDICES || 45);
const hourNanos = 3_600_000_000_000n;
const startOf = (hour: number): bigint => now - BigInt(hour) * hourNanos;

describeWithElasticsearch("a store of many indices", (way) => {
  let server: Elasticsearch;
  const prefix = `${freshPrefix()}${"long-".repeat(9)}`;
  beforeAll(async () => {
    server = await sharedElasticsearch(way);
  }, hookMillis);
  afterAll(() => cleanUp(way, server, [prefix]), hookMillis);
  const open = (): Promise<SpanStore> =>
    openElasticsearchStore({
      url: server.url,
      prefix,
      window: "hour",
      refresh: "wait",
      refreshIntervalMillis: 60_000,
      timeoutMillis: 600_000,
      // New shards may start later than a write waits for them.
      retryMillis: 120_000,
    });

  it("answers over any range of indices, and drops them one by one", { timeout: 900_000 }, async () => {
    await using store = await open();
    const all = Array.from({ length: hours }, (_, hour) => hour);
    // Traces have the numbers of their hours, the newest first.
    const due = all.map(traceIdOf);
    expect(await store.write(joined(...all.map((hour) => spanOf(hour, startOf(hour)))))).toEqual({
      accepted: hours,
      rejected: [],
    });
    const found = async (from: number, to: number, limit: number): Promise<string[]> => {
      const range = { startTimeMinUnixNano: startOf(to), startTimeMaxUnixNano: startOf(from) };
      const { traces } = await store.findTraceIds({ service: "shop", ...range, limit });
      return traces.map(({ traceId }) => traceId);
    };
    expect(await found(0, hours, hours * 2)).toEqual(due);
    expect(await found(0, hours, 5)).toEqual(due.slice(0, 5));
    expect(await found(7, 9, 100)).toEqual(due.slice(7, 10));
    expect(await found(1, hours - 2, 100_000)).toEqual(due.slice(1, hours - 1));
    const { traces } = await store.findTraceIds({ limit: hours * 2 });
    expect(traces.map(({ traceId }) => traceId)).toEqual(due);

    const walked: string[] = [];
    for (let token: string | undefined = ""; token !== undefined; ) {
      const page: Awaited<ReturnType<SpanStore["findTraceIds"]>> = await store.findTraceIds({
        service: "shop",
        page: { size: 11, token },
      });
      walked.push(...page.traces.map(({ traceId }) => traceId));
      token = page.nextPageToken;
    }
    expect(walked).toEqual(due);

    expect(await store.getServices()).toEqual(["shop"]);
    expect(await store.getOperations({ service: "shop" })).toEqual([{ name: "op", spanKind: "" }]);
    const gone = await store.expire(startOf(10));
    // The index of the time itself and the younger ones stay.
    expect(gone.length).toBeGreaterThanOrEqual(hours - 12);
    expect((await found(0, hours, hours)).slice(0, 10)).toEqual(due.slice(0, 10));
    expect(await store.getServices()).toEqual(["shop"]);
    await store.deleteBefore(now + hourNanos);
    expect(await found(0, hours, hours)).toEqual([]);
    expect(await store.getServices()).toEqual([]);
  });
});
