import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { connectSpanStore } from "@spanstore/client";
import type { SpanStore } from "@spanstore/core";
import { parseGroups } from "@spanstore/core/otlp";
import { expect, it, onTestFinished } from "vitest";
import {
  cleanUp,
  describeWithElasticsearch,
  freshPrefix as freshIndices,
  hookMillis,
  sharedElasticsearch,
} from "../../../../scripts/test-support/elasticsearch/elasticsearch.js";
import { peakMemory } from "../../../../scripts/test-support/memory-limit.js";
import { describeWithPeer } from "../../../../scripts/test-support/peers.js";
import { freePorts, startProgram, untilReady } from "../../../../scripts/test-support/processes.js";
import { freshPrefix, startSearchd } from "../../../manticore/test/searchd.js";
import { memoryBound } from "../../src/limits/memory-bound.js";
import { requestOf, traceIdOf } from "./overload/requests.mjs";

const main = fileURLToPath(new URL("../../dist/main.js", import.meta.url));
const sendersProgram = fileURLToPath(new URL("./overload/senders.mjs", import.meta.url));
/** How long more is sent than can be taken. */
const minutes = Number(process.env.SPANSTORE_OVERLOAD_MINUTES ?? 0.05);
const timeout = 240_000 + 300_000 * minutes;
const waitingBytes = 32 * 1024 * 1024;
/** Each has a request of a megabyte to send at any time: together ten times what may wait. */
const senders = 320;
/** So many refused for one that is taken: ten times what is taken is sent. */
const refusedForTaken = 9;

/** What the sending process tells. */
type Told = { readonly taken: number } | { readonly refused: number };

interface Served {
  readonly address: string;
  readonly store: SpanStore;
  readonly metric: (name: string) => Promise<number>;
  readonly isAlive: () => Promise<boolean>;
  /** The most memory that the process has occupied so far, where the system says it. */
  readonly peak: () => number;
}

async function serve(flags: readonly string[]): Promise<Served> {
  const [grpc, admin] = await freePorts(2);
  const address = `127.0.0.1:${grpc}`;
  const adminUrl = `http://127.0.0.1:${admin}`;
  const server = startProgram(
    [process.execPath, main],
    [`--listen=${address}`, `--admin=127.0.0.1:${admin}`, `--limits.waiting-bytes=${waitingBytes}`, ...flags],
  );
  onTestFinished(async () => {
    await server.stop();
  });
  await untilReady(`${adminUrl}/readyz`, server);
  const store = connectSpanStore(address);
  onTestFinished(() => store.close());
  return {
    address,
    store,
    metric: async (name) => {
      const text = await (await fetch(`${adminUrl}/metrics`)).text();
      return Number(new RegExp(`^${name} (\\S+)$`, "m").exec(text)?.[1]);
    },
    isAlive: async () => {
      const answer = await fetch(`${adminUrl}/healthz`, { signal: AbortSignal.timeout(hangMillis) });
      await answer.body?.cancel();
      return answer.status === 200;
    },
    peak: () => peakMemory(server.process.pid as number) ?? 0,
  };
}

/** Sends more than is taken, then asks for everything in every way at once. */
async function overload(flags: readonly string[]): Promise<void> {
  const served = await serve(flags);
  const { store, metric } = served;
  const sending = fork(sendersProgram, [served.address, String(senders)]);
  onTestFinished(() => void sending.kill());
  const taken: number[] = [];
  let refused = 0;
  sending.on("message", (told: Told) => {
    if ("taken" in told) taken.push(told.taken);
    else refused += told.refused;
  });
  const began = performance.now();
  let searches = 0;
  let most = 0;
  while (
    performance.now() - began < minutes * 60_000 ||
    refused < refusedForTaken * taken.length ||
    Math.min(searches, taken.length) < 5
  ) {
    expect(sending.exitCode, "the sending process goes on").toBeNull();
    const { traces } = await store.findTraceIds({ service: "overload", limit: 1 });
    if (traces.length > 0) searches++;
    most = Math.max(most, await metric("process_resident_memory_bytes"));
    await delay(20);
  }
  sending.send("stop");
  const [code] = await once(sending, "exit");
  expect(code).toBe(0);

  expect(await metric("spanstore_waiting_bytes")).toBe(0);
  await askEverything(served, taken.slice(0, tracesAsked).map(traceIdOf));
  expect(Math.max(most, served.peak())).toBeLessThanOrEqual(memoryBound(waitingBytes));
  const wrong: number[] = [];
  for (const number of taken) {
    const spans: string[] = [];
    for await (const { encoded } of store.getTraces([traceIdOf(number)])) spans.push(...spansIn(encoded));
    if (spans.sort().join() !== spansIn(requestOf(number)).sort().join()) wrong.push(number);
  }
  expect(wrong).toEqual([]);
  // What was refused and never taken is not there.
  const { traces } = await store.findTraceIds({ service: "overload", limit: 2 * taken.length });
  expect(traces.map(({ traceId }) => traceId).sort()).toEqual(
    [...taken.map(traceIdOf), traceIdOf(large)].sort(),
  );
}

/** So many reads of each kind run at the same time: together more than are answered at once. */
const readsOfAKind = 4;
const tracesAsked = 16;
/** The number of a trace of so many requests. */
const large = 1_000_000;
const largeRequests = 8;
/** An answer that takes longer has no end. */
const hangMillis = 30_000;

/** Each kind of read is answered, or refused for want of room, and the server answers its health meanwhile. */
async function askEverything({ store, isAlive }: Served, traceIds: readonly string[]): Promise<void> {
  for (let i = 0; i < largeRequests; i++) await store.write(requestOf(large + i, large));
  const page = { size: 10_000 };
  const limit = traceIds.length;
  const all = { startTimeUnixNano: 0n, endTimeUnixNano: 2_000_000_000_000_000_000n };
  const kinds: Readonly<Record<string, () => Promise<unknown>>> = {
    getTraces: () => drain(store.getTraces([...traceIds, traceIdOf(large)])),
    findTraces: () => drain(store.findTraces({ service: "overload", limit })),
    findTraceIds: () => store.findTraceIds({ attributes: { text: "not there" }, limit }),
    findTraceSummaries: () => drain(store.findTraceSummaries({ service: "overload", limit })),
    findSpans: () => drain(store.findSpans({ orderBy: [{ field: "spanID", direction: "desc" }], page })),
    getServices: () => store.getServices(),
    getOperations: () => store.getOperations({ service: "overload" }),
    getDependencies: () => store.getDependencies(all),
    getMetrics: () => store.getMetrics({ ...all, groupBy: ["span.name"] }),
  };
  const answered = new Set<string>();
  const ask = async (kind: string, read: () => Promise<unknown>): Promise<void> => {
    try {
      await read();
      answered.add(kind);
    } catch (error) {
      expect(error).toMatchObject({ code: "OVERLOADED" });
    }
  };
  let over = false;
  const asking = Promise.all(
    Object.entries(kinds).flatMap(([kind, read]) =>
      Array.from({ length: readsOfAKind }, () => ask(kind, read)),
    ),
  ).finally(() => {
    over = true;
  });
  let alive = 0;
  while (!over) {
    expect(await isAlive()).toBe(true);
    alive++;
    await Promise.race([asking, delay(50)]);
  }
  await asking;
  expect(alive).toBeGreaterThan(1);
  expect([...answered].sort()).toEqual(Object.keys(kinds).sort());
}

async function drain(chunks: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of chunks);
}

/** The bytes of every span. */
function spansIn(encoded: Uint8Array): string[] {
  return parseGroups(encoded).flatMap(({ bytes, spans }) =>
    spans.flatMap((start, i) =>
      i % 2 === 0 ? [Buffer.from(bytes.subarray(start, spans[i + 1])).toString("latin1")] : [],
    ),
  );
}

it("memory: answers every kind of read at once within its memory and that of the spans", {
  timeout,
}, async () => {
  const served = await serve(["--backend=memory"]);
  const numbers = Array.from({ length: 2 * tracesAsked }, (_, i) => i + 1);
  for (const number of numbers) await served.store.write(requestOf(number));
  await askEverything(served, numbers.slice(0, tracesAsked).map(traceIdOf));
  const spanBytes = (numbers.length + largeRequests) * requestOf(1).length;
  expect(served.peak()).toBeLessThanOrEqual(memoryBound(waitingBytes) + spanBytes);
});

const what =
  "refuses ten times what it takes, stays within its memory, answers every kind of read at once, and keeps what it took";

it(`SQLite: ${what}`, { timeout }, async () => {
  const folder = mkdtempSync(join(tmpdir(), "spanstore-overload-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  await overload([`--sqlite.path=${join(folder, "spans.sqlite")}`]);
});

describeWithPeer("manticore", "Manticore Search", (located) => {
  it(what, { timeout }, async () => {
    const searchd = await startSearchd(located);
    onTestFinished(searchd.close);
    const prefix = freshPrefix();
    await overload(["--backend=manticore", `--manticore.url=${searchd.url}`, `--manticore.prefix=${prefix}`]);
  });
});

describeWithElasticsearch("Elasticsearch", (way) => {
  it(what, { timeout: timeout + hookMillis }, async () => {
    const elasticsearch = await sharedElasticsearch(way);
    const prefix = freshIndices();
    onTestFinished(() => cleanUp(way, elasticsearch, [prefix]));
    await overload([
      "--backend=elasticsearch",
      `--elasticsearch.url=${elasticsearch.url}`,
      `--elasticsearch.prefix=${prefix}`,
      // What was taken is to be found at once.
      "--elasticsearch.refresh=wait",
      // A machine that has other work takes long to write.
      "--elasticsearch.timeout=2m",
    ]);
  });
});
