import { EventEmitter, once } from "node:events";
import { type ServiceError, status } from "@grpc/grpc-js";
import { decodeTraces } from "@spanstore/core";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import { describeWithPeer } from "../../../scripts/test-support/peers.js";
import { freshPrefix, type Searchd, startSearchd } from "../../manticore/test/searchd.js";
import { connectSpanStore } from "../src/index.js";
import { connect, exportRequest, spanId, traceId } from "./harness.js";
import { type ServerOnManticore, serverOnManticore } from "./manticore/server.js";
import { askMysql } from "./manticore/sql.js";

const kills = Number(process.env.SPANSTORE_KILLS ?? 4);
const timeout = 60_000 + kills * 20_000;
const senders = 4;
const spansPerRequest = 3;
const hour = 3_600_000_000_000n;
const firstStart = 1_800_000_000_000_000_000n;

describeWithPeer("manticore", "kill -9 during ingest over gRPC", (located) => {
  const prefix = freshPrefix();
  let place = 0;
  let spans = "";
  let searchd: Searchd;
  let server: ServerOnManticore;

  beforeAll(async () => {
    searchd = await startSearchd(located);
  });
  afterAll(() => searchd?.close());
  beforeEach(async () => {
    place += 1;
    spans = `${prefix}${place}_spans`;
    server = await serverOnManticore(searchd.url, [`--manticore.prefix=${prefix}${place}_`]);
    await server.start();
  });
  afterEach(() => server?.stop());

  const killServer = async () => {
    const { process } = server.program();
    const ended = once(process, "exit");
    process.kill("SIGKILL");
    await ended;
  };
  const killSearchd = async () => {
    const process = searchd.program()?.process;
    if (process === undefined) throw new Error("this searchd is not the test's to kill");
    const ended = once(process, "exit");
    process.kill("SIGKILL");
    await ended;
  };

  it(`of the server: every span is there once after ${kills} kills`, { timeout }, async () => {
    await ingest(async () => {
      await killServer();
      await server.start();
    });
  });

  it(`of searchd: every span is there once after ${kills} kills`, { timeout }, async (context) => {
    if (searchd.program() === undefined) return context.skip();
    await ingest(async (kill, refusal) => {
      await killSearchd();
      // Soon enough for the server to come through, and every other time not.
      if (kill % 2 === 0) await refusal();
      await searchd.start();
    });
  });

  it(`of both: every span is there once after ${kills} kills`, { timeout }, async (context) => {
    if (searchd.program() === undefined) return context.skip();
    await ingest(async () => {
      await Promise.all([killServer(), killSearchd()]);
      await searchd.start();
      await server.start();
    });
  });

  /** Sends requests without a pause while something is killed again and again, and looks for all of them afterwards. */
  async function ingest(
    killAndStart: (kill: number, refusal: () => Promise<void>) => Promise<void>,
  ): Promise<void> {
    let acknowledged = 0;
    let refused = 0;
    let next = 0;
    let over = false;
    let failure: unknown;
    let starting: Promise<void> | undefined;
    const progress = new EventEmitter();
    const clients = Array.from({ length: senders }, () =>
      connect(server.address, {
        "grpc.initial_reconnect_backoff_ms": 50,
        "grpc.max_reconnect_backoff_ms": 200,
      }),
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
          progress.emit("made");
          await starting;
        }
      }
    };
    const sending = clients.map(async (client) => {
      while (!over) {
        const number = next++;
        const request = requestOf(number);
        await untilAcknowledged(client, request);
        // A tenth comes once more, from clients that missed the acknowledgement.
        if (number % 10 === 0) await untilAcknowledged(client, request);
        acknowledged += 1;
        progress.emit("made");
      }
    });
    const everyone = Promise.all(sending).catch((error: unknown) => {
      failure = error;
      progress.emit("made");
    });

    const until = async (met: () => boolean): Promise<void> => {
      while (!met() && failure === undefined) await once(progress, "made");
    };
    for (let kill = 0; kill < kills; kill++) {
      const enough = acknowledged + 10 + Math.floor(Math.random() * 100);
      await until(() => acknowledged >= enough);
      const before = refused;
      starting = killAndStart(kill, () => until(() => refused > before));
      await starting;
    }
    over = true;
    await everyone;
    for (const client of clients) client.close();
    if (failure !== undefined) throw failure;
    // Otherwise nothing was killed while it mattered.
    expect(refused).toBeGreaterThan(0);
    await expectOnce(next);
  }

  /** By id, by a search and by SQL: all of them, each once, and nothing else. */
  async function expectOnce(requests: number): Promise<void> {
    const numbers = Array.from({ length: requests }, (_, number) => number);
    const wanted = numbers.flatMap((number) => spanIdsOf(number)).sort();
    const given: string[] = [];
    await using store = connectSpanStore(server.address);
    for await (const { encoded } of store.getTraces(numbers.map(traceIdOf))) {
      for (const { scopeSpans } of decodeTraces(encoded).resourceSpans) {
        for (const { spans } of scopeSpans) given.push(...spans.map((span) => span.spanId));
      }
    }
    expect(given.sort()).toEqual(wanted);
    const { traces } = await store.findTraceIds({ service: "killed", limit: requests + 1 });
    expect(traces.map((trace) => trace.traceId).sort()).toEqual(numbers.map(traceIdOf).sort());
    const rows = await askMysql(
      searchd.url,
      `SELECT span_id FROM ${spans} LIMIT 10000000 OPTION max_matches=10000000`,
    );
    expect(rows.map((row) => row.span_id).sort()).toEqual(wanted);
  }
});

function traceIdOf(number: number): string {
  return traceId(number + 1);
}

function spanIdsOf(number: number): string[] {
  return Array.from({ length: spansPerRequest }, (_, i) => spanId(number * spansPerRequest + i + 1));
}

/** A trace whose spans fall on several days, so into several tables. */
function requestOf(number: number): Buffer {
  return exportRequest(
    ...spanIdsOf(number).map((id, i) => {
      const start = firstStart + BigInt(number) * 1_000_000n + BigInt(i) * 20n * hour;
      return { traceId: traceIdOf(number), spanId: id, service: "killed", start, end: start + 5n };
    }),
  );
}
