import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { decodeTraces, isSpanStoreError, type SpanStore, type TracesData } from "@spanstore/core";
import { openManticoreStore } from "@spanstore/manticore";
import { createConnection } from "mysql2/promise";
import { afterAll, beforeAll, expect, it } from "vitest";
import { describeWithPeer } from "../../../scripts/test-support/peers.js";
import { freshPrefix, type Searchd, startSearchd } from "./searchd.js";

const kills = Number(process.env.SPANSTORE_KILLS ?? 8);
const child = fileURLToPath(new URL("./ingest-child.mjs", import.meta.url));
const spansPerRequest = 3;

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
      const first = kill * 1_000_000;
      acknowledged.push(...(await ingestUntilKilled(prefix, first, 1 + Math.floor(Math.random() * 200))));
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
      const until = acknowledged.length + 20 + Math.floor(Math.random() * 100);
      let next = kill * 1_000_000;
      let killed = false;
      const send = async (): Promise<void> => {
        while (!killed) {
          const number = next++;
          // Whoever is not told tries again, as Jaeger does.
          await retried(() => store.write(requestOf(number)));
          acknowledged.push(number);
        }
      };
      const senders = Array.from({ length: 4 }, send);
      await waitUntil(() => acknowledged.length >= until);
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

  /** Lets a process write until it has acknowledged so many requests, kills it there, and returns their numbers. */
  async function ingestUntilKilled(prefix: string, first: number, requests: number): Promise<number[]> {
    const process = spawn(globalThis.process.execPath, [child, searchd.url, prefix, String(first)], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const acknowledged: number[] = [];
    for await (const line of createInterface({ input: process.stdout })) {
      acknowledged.push(Number(line));
      if (acknowledged.length === requests) process.kill("SIGKILL");
    }
    if (process.exitCode === null && process.signalCode === null) await once(process, "exit");
    expect(process.signalCode).toBe("SIGKILL");
    return acknowledged;
  }

  /** Whatever way they are asked for: by id, by a search, by SQL. */
  async function expectOnce(
    store: SpanStore,
    prefix: string,
    acknowledged: readonly number[],
  ): Promise<void> {
    const expected = [...new Set(acknowledged.map(traceIdOf))];
    const wanted = acknowledged.flatMap((number) => spanIdsOf(number)).sort();
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

    // What was not acknowledged may be there too, but then it is there once as well.
    const { hostname: host, port } = new URL(searchd.url);
    const connection = await createConnection({ host, port: Number(port), database: "Manticore" });
    const [rows] = await connection.query(
      `SELECT span_id FROM ${prefix}spans LIMIT 1000000 OPTION max_matches=1000000`,
    );
    await connection.end();
    const inSql = (rows as { span_id: string }[]).map(({ span_id }) => span_id).sort();
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

async function waitUntil(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}

function traceIdOf(number: number): string {
  return number.toString(16).padStart(32, "0");
}

function spanIdsOf(number: number): string[] {
  return Array.from({ length: spansPerRequest }, (_, i) =>
    (number * 4 + i + 1).toString(16).padStart(16, "0"),
  );
}

function requestOf(number: number): TracesData {
  const startTimeUnixNano = 1_800_000_000_000_000_000n + BigInt(number) * 1_000_000n;
  const spans = spanIdsOf(number).map((spanId, i) => ({
    traceId: traceIdOf(number),
    spanId,
    name: `operation-${i}`,
    startTimeUnixNano,
    endTimeUnixNano: startTimeUnixNano + 5n,
  }));
  const resource = { attributes: [{ key: "service.name", value: { stringValue: "killed" } }] };
  return { resourceSpans: [{ resource, scopeSpans: [{ spans }] }] };
}
