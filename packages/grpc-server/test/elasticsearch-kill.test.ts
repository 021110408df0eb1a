import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { type ServiceError, status } from "@grpc/grpc-js";
import { decodeTraces } from "@spanstore/core";
import { afterAll, beforeAll, expect, it } from "vitest";
import {
  cleanUp,
  describeWithElasticsearch,
  type Elasticsearch,
  freshPrefix,
  hookMillis,
  sharedElasticsearch,
} from "../../../scripts/test-support/elasticsearch/elasticsearch.js";
import { createProgress } from "../../../scripts/test-support/kill/progress.js";
import {
  freePorts,
  type RunningProgram,
  startProgram,
  untilReady,
} from "../../../scripts/test-support/processes.js";
import { connectSpanStore } from "../src/index.js";
import { connect, exportRequest, spanId, traceId } from "./harness.js";

const main = fileURLToPath(new URL("../dist/main.js", import.meta.url));
const kills = Number(process.env.SPANSTORE_KILLS || 4);
const senders = 4;
const spansPerRequest = 3;
const hour = 3_600_000_000_000n;
const firstStart = BigInt(Date.now()) * 1_000_000n - 60n * hour;

describeWithElasticsearch("kill -9 during ingest over gRPC, on Elasticsearch", (way) => {
  const prefix = freshPrefix();
  let server: Elasticsearch;
  let address = "";
  let program: RunningProgram;
  let start: () => Promise<void>;
  beforeAll(async () => {
    server = await sharedElasticsearch(way);
    const [grpc, admin] = await freePorts(2);
    address = `127.0.0.1:${grpc}`;
    start = async () => {
      program = startProgram(
        [process.execPath, main],
        [
          "--backend=elasticsearch",
          `--elasticsearch.url=${server.url}`,
          `--elasticsearch.prefix=${prefix}`,
          `--listen=${address}`,
          `--admin=127.0.0.1:${admin}`,
        ],
      );
      await untilReady(`http://127.0.0.1:${admin}/readyz`, program);
    };
    await start();
  }, hookMillis);
  afterAll(async () => {
    await program?.stop();
    await cleanUp(way, server, [prefix]);
  }, hookMillis);

  it(`of the server: every span is there once after ${kills} kills`, {
    timeout: 60_000 + kills * 20_000,
  }, async () => {
    const made = createProgress();
    let refused = 0;
    let next = 0;
    let over = false;
    let starting: Promise<void> | undefined;
    const clients = Array.from({ length: senders }, () =>
      connect(address, { "grpc.initial_reconnect_backoff_ms": 50, "grpc.max_reconnect_backoff_ms": 200 }),
    );
    /** Whoever gets no acknowledgement sends the same again, as Jaeger does. */
    const untilAcknowledged = async (client: (typeof clients)[number], request: Buffer) => {
      for (;;) {
        try {
          await client.unary("Export", request);
          return;
        } catch (error) {
          if ((error as ServiceError).code !== status.UNAVAILABLE) throw error;
          refused += 1;
          await starting;
        }
      }
    };
    const sending = Promise.all(
      clients.map(async (client) => {
        while (!over) {
          const number = next++;
          const request = requestOf(number);
          await untilAcknowledged(client, request);
          // A tenth comes once more, from clients that missed the acknowledgement.
          if (number % 10 === 0) await untilAcknowledged(client, request);
          made.step();
        }
      }),
    );
    for (let kill = 0; kill < kills; kill++) {
      const enough = made.count() + 5 + Math.floor(Math.random() * 40);
      await Promise.race([made.reached(enough), sending]);
      const { process } = program;
      const ended = once(process, "exit");
      process.kill("SIGKILL");
      starting = ended.then(start);
      await starting;
    }
    over = true;
    await sending;
    for (const client of clients) client.close();
    // Otherwise nothing was killed while it mattered.
    expect(refused).toBeGreaterThan(0);
    await expectOnce(next);
  });

  /** By id and by a search: all of them, each once, and nothing else. */
  async function expectOnce(requests: number): Promise<void> {
    const numbers = Array.from({ length: requests }, (_, number) => number);
    // Found are those that were acknowledged a refresh ago.
    const refreshed = await fetch(`${server.url}/${prefix}*/_refresh`, { method: "POST" });
    expect(refreshed.status, await refreshed.text()).toBe(200);
    const given: string[] = [];
    await using store = connectSpanStore(address);
    for await (const { encoded } of store.getTraces(numbers.map(traceIdOf))) {
      for (const { scopeSpans } of decodeTraces(encoded).resourceSpans) {
        for (const { spans } of scopeSpans) given.push(...spans.map((span) => span.spanId));
      }
    }
    expect(given.sort()).toEqual(numbers.flatMap(spanIdsOf).sort());
    const { traces } = await store.findTraceIds({ service: "killed", limit: requests + 1 });
    expect(traces.map((trace) => trace.traceId).sort()).toEqual(numbers.map(traceIdOf).sort());
    expect(await store.getServices()).toEqual(["killed"]);
  }
});

function traceIdOf(number: number): string {
  return traceId(number + 1);
}

function spanIdsOf(number: number): string[] {
  return Array.from({ length: spansPerRequest }, (_, i) => spanId(number * spansPerRequest + i + 1));
}

/** A trace whose spans fall on several days, so into several indices. */
function requestOf(number: number): Buffer {
  return exportRequest(
    ...spanIdsOf(number).map((id, i) => {
      const start = firstStart + BigInt(number) * 1_000_000n + BigInt(i) * 20n * hour;
      return { traceId: traceIdOf(number), spanId: id, service: "killed", start, end: start + 5n };
    }),
  );
}
