import { EventEmitter, once } from "node:events";
import { type ServiceError, status } from "@grpc/grpc-js";
import { connectSpanStore } from "@spanstore/client";
import { decodeTraces } from "@spanstore/core";
import { expect } from "vitest";
import { connect, exportRequest, spanId, traceId } from "../../harness.js";

const senders = 4;
const spansPerRequest = 3;
const hour = 3_600_000_000_000n;

export interface KilledIngest {
  readonly address: string;
  /** Of the oldest span. */
  readonly firstStart: bigint;
  readonly kills: number;
  /** How many requests are acknowledged between two kills: so many at least, and up to so many more. */
  readonly between: readonly [least: number, most: number];
  /** @param refusal resolves when a request was refused since. */
  readonly killAndStart: (kill: number, refusal: () => Promise<void>) => Promise<void>;
}

/**
 * Sends requests without a pause while something is killed again and again, and looks for all of them afterwards.
 * @param refresh makes what was acknowledged be found.
 * @returns the ids of all spans that have to be there, in order.
 */
export async function ingestThroughKills(
  { address, firstStart, kills, between: [least, most], killAndStart }: KilledIngest,
  refresh: () => Promise<void> = async () => undefined,
): Promise<string[]> {
  let acknowledged = 0;
  let refused = 0;
  let next = 0;
  let over = false;
  let failure: unknown;
  let starting: Promise<void> | undefined;
  const progress = new EventEmitter();
  const clients = Array.from({ length: senders }, () =>
    connect(address, {
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
      const request = requestOf(number, firstStart);
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
    const enough = acknowledged + least + Math.floor(Math.random() * most);
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
  await refresh();
  return expectOnce(address, next);
}

/** By id and by a search: all of them, each once, and nothing else. */
async function expectOnce(address: string, requests: number): Promise<string[]> {
  const numbers = Array.from({ length: requests }, (_, number) => number);
  const wanted = numbers.flatMap(spanIdsOf).sort();
  const given: string[] = [];
  await using store = connectSpanStore(address);
  for await (const { encoded } of store.getTraces(numbers.map(traceIdOf))) {
    for (const { scopeSpans } of decodeTraces(encoded).resourceSpans) {
      for (const { spans } of scopeSpans) given.push(...spans.map((span) => span.spanId));
    }
  }
  expect(given.sort()).toEqual(wanted);
  const { traces } = await store.findTraceIds({ service: "killed", limit: requests + 1 });
  expect(traces.map((trace) => trace.traceId).sort()).toEqual(numbers.map(traceIdOf).sort());
  expect(await store.getServices()).toEqual(["killed"]);
  return wanted;
}

function traceIdOf(number: number): string {
  return traceId(number + 1);
}

function spanIdsOf(number: number): string[] {
  return Array.from({ length: spansPerRequest }, (_, i) => spanId(number * spansPerRequest + i + 1));
}

/** A trace whose spans fall on several days, so into several tables or indices. */
function requestOf(number: number, firstStart: bigint): Buffer {
  return exportRequest(
    ...spanIdsOf(number).map((id, i) => {
      const start = firstStart + BigInt(number) * 1_000_000n + BigInt(i) * 20n * hour;
      return { traceId: traceIdOf(number), spanId: id, service: "killed", start, end: start + 5n };
    }),
  );
}
