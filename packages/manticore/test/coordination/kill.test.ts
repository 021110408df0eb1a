import { once } from "node:events";
import { decodeTraces, isSpanStoreError, type SpanStore } from "@spanstore/core";
import { openManticoreStore } from "@spanstore/manticore";
import { afterAll, beforeAll, expect, it } from "vitest";
import { ingestUntilKilled } from "../../../../scripts/test-support/kill/ingest.js";
import { createProgress } from "../../../../scripts/test-support/kill/progress.js";
import { requestOf, spanIdsOf, traceIdOf } from "../../../../scripts/test-support/kill/requests.mjs";
import { describeWithPeer } from "../../../../scripts/test-support/peers.js";
import { freshPrefix, type Searchd, startSearchd } from "../searchd.js";
import { ask } from "../sql.js";

const kills = Number(process.env.SPANSTORE_KILLS ?? 4);
const module = new URL("../../dist/index.js", import.meta.url);

describeWithPeer("manticore", "kill -9 during ingest", (located) => {
  let searchd: Searchd;
  beforeAll(async () => {
    searchd = await startSearchd(located);
  });
  afterAll(() => searchd?.close());

  it(`of the server: every acknowledged span is there once after ${kills} kills`, {
    timeout: 300_000,
  }, async () => {
    const prefix = freshPrefix();
    const acknowledged: number[] = [];
    for (let kill = 0; kill < kills; kill++) {
      const opener = { module, open: "openManticoreStore", options: { url: searchd.url, prefix } };
      const requests = 1 + Math.floor(Math.random() * 200);
      acknowledged.push(...(await ingestUntilKilled(opener, kill * 1_000_000, requests)));
    }
    await using store = await openManticoreStore({ url: searchd.url, prefix });
    await expectOnce(store, prefix, acknowledged);
  });

  it(`of searchd: every acknowledged span is there once after ${kills} kills`, {
    timeout: 300_000,
  }, async () => {
    const { program, start } = searchd;
    if (program() === undefined) return;
    const prefix = freshPrefix();
    const acknowledged: number[] = [];
    const options = { url: searchd.url, prefix, retryMillis: 30_000 };
    await using store = await openManticoreStore(options);
    for (let kill = 0; kill < kills; kill++) {
      const progress = createProgress();
      let next = kill * 1_000_000;
      let killed = false;
      const send = async (): Promise<void> => {
        while (!killed) {
          const number = next++;
          // Retries an unacknowledged write, as Jaeger does.
          await retried(() => store.write(requestOf(number)));
          acknowledged.push(number);
          progress.step();
        }
      };
      const senders = Array.from({ length: 4 }, send);
      await progress.reached(20 + Math.floor(Math.random() * 100));
      const { process } = program() as NonNullable<ReturnType<typeof program>>;
      const ended = once(process, "exit");
      process.kill("SIGKILL");
      await ended;
      killed = true;
      await start();
      await Promise.all(senders);
    }
    await expectOnce(store, prefix, acknowledged);
  });

  /** Checks the spans by id, by a search and by SQL. */
  async function expectOnce(
    store: SpanStore,
    prefix: string,
    acknowledged: readonly number[],
  ): Promise<void> {
    const expected = [...new Set(acknowledged.map(traceIdOf))];
    const wanted = acknowledged.flatMap(spanIdsOf).sort();
    const spanIds: string[] = [];
    for await (const chunk of store.getTraces(expected)) {
      for (const { scopeSpans } of decodeTraces(chunk.encoded).resourceSpans) {
        for (const { spans } of scopeSpans) spanIds.push(...spans.map((span) => span.spanId));
      }
    }
    expect(spanIds.sort()).toEqual(wanted);

    const found = await store.findTraceIds({ service: "killed", limit: 1_000_000 });
    const foundIds = new Set(found.traces.map(({ traceId }) => traceId));
    expect(expected.filter((traceId) => !foundIds.has(traceId))).toEqual([]);

    // Unacknowledged spans may be stored too, but only once.
    const rows = await ask(
      searchd.url,
      `SELECT span_id FROM ${prefix}spans LIMIT 1000000 OPTION max_matches=1000000`,
    );
    const inSql = rows.map(({ span_id }) => String(span_id)).sort();
    expect(inSql.filter((id, i) => id === inSql[i - 1])).toEqual([]);
    const known = new Set(inSql);
    expect(wanted.filter((id) => !known.has(id))).toEqual([]);
  }
});

async function retried<T>(call: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await call();
    } catch (error) {
      if (!isSpanStoreError(error) || error.code !== "STORE_UNAVAILABLE") throw error;
    }
  }
}
