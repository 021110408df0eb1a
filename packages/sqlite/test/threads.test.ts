import { mkdtempSync, readdirSync, readlinkSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import type { Worker } from "node:worker_threads";
import type { SpanStore, TraceQuery } from "@spanstore/core";
import { openSqliteStore } from "@spanstore/sqlite";
import Database from "better-sqlite3";
import { afterAll, beforeEach, describe, expect, it } from "vitest";

const folder = mkdtempSync(join(tmpdir(), "spanstore-threads-"));
/** The threads that the test has started, the writer first. */
let started: Worker[] = [];
const note = (worker: Worker): void => void started.push(worker);
process.on("worker", note);
beforeEach(() => {
  started = [];
});
afterAll(() => {
  process.off("worker", note);
  rmSync(folder, { recursive: true, force: true });
});

const baseTime = 1_800_000_000_000_000_000n;
const requestOf = (from: number, count: number) => ({
  resourceSpans: [
    {
      resource: { attributes: [{ key: "service.name", value: { stringValue: "cart" } }] },
      scopeSpans: [
        {
          spans: Array.from({ length: count }, (_, i) => ({
            traceId: (from + i).toString(16).padStart(32, "0"),
            spanId: "0123456789abcdef",
            name: "get",
            startTimeUnixNano: baseTime + BigInt(from + i),
            endTimeUnixNano: baseTime + BigInt(from + i + 1),
            attributes: [{ key: "text", value: { stringValue: `value ${from + i}` } }],
          })),
        },
      ],
    },
  ],
});
/** A search that reads every span. */
const looksAtAll: TraceQuery = {
  filter: { op: "regex", args: [{ attr: { key: "text" } }, { scalar: { value: "(a|b)+x{2,9}" } }] },
};
const everyCall = { startTimeUnixNano: 0n, endTimeUnixNano: 2n * baseTime };

async function fill(store: SpanStore, spans = 1): Promise<void> {
  for (let from = 1; from <= spans; from += 2000) {
    await store.write(requestOf(from, Math.min(2000, spans - from + 1)));
  }
}
const countOf = async (store: SpanStore): Promise<number> =>
  (await store.findTraceIds({ service: "cart", limit: 1_000_000 })).traces.length;
const end = async (threads: readonly Worker[]): Promise<void> => {
  await Promise.all(threads.map((thread) => thread.terminate()));
};

describe("a thread that dies", { timeout: 60_000 }, () => {
  it("is replaced when it is a reader, and its calls fail with STORE_UNAVAILABLE", async () => {
    await using store = await openSqliteStore({ path: join(folder, "reader.sqlite") });
    await fill(store, 20_000);
    for (let death = 0; death < 3; death++) {
      expect(await countOf(store)).toBe(20_000);
      await store.getDependencies(everyCall);
      const busy = [
        store.findTraceIds(looksAtAll),
        store
          .findSpans({ ...looksAtAll })
          [Symbol.asyncIterator]()
          .next(),
        store.getDependencies({ ...everyCall, startTimeUnixNano: BigInt(death) }),
      ].map((each) =>
        each.then(
          () => "answered",
          (error: unknown) => error,
        ),
      );
      await end(started.splice(1));
      for (const each of await Promise.all(busy)) expect(each).toMatchObject({ code: "STORE_UNAVAILABLE" });
      await store.health();
    }
    expect(await store.getDependencies(everyCall)).toEqual([]);
  });

  it("is replaced when it is the writer, and every acknowledged span is stored once", async () => {
    await using store = await openSqliteStore({ path: join(folder, "writer.sqlite") });
    await fill(store, 10);
    for (let death = 0; death < 3; death++) {
      const writing = store.write(requestOf(1, 4000)).catch((error: unknown) => error);
      await end(started.filter((_, i) => i === 0));
      started = [];
      const outcome = await writing;
      if (outcome instanceof Error) expect(outcome).toMatchObject({ code: "STORE_UNAVAILABLE" });
      await store.write(requestOf(1, 4000));
      await store.health();
    }
    expect(await countOf(store)).toBe(4000);
  });

  it("loses the spans that it held in memory, and every later call fails", async () => {
    const store = await openSqliteStore({ path: ":memory:" });
    await fill(store);
    await end(started);
    const gone = { code: "STORE_UNAVAILABLE", hint: expect.stringContaining("open") };
    await expect(store.health()).rejects.toMatchObject(gone);
    await expect(store.getServices()).rejects.toMatchObject(gone);
    await expect(store.write(requestOf(1, 1))).rejects.toMatchObject(gone);
    await store.close();
  });
});

it("closes all threads when one of them fails to start during the close", async () => {
  const store = await openSqliteStore({ path: join(folder, "closing.sqlite") });
  while (started.length < 2) await setImmediate();
  const [writer, reader] = started as [Worker, Worker];
  void reader.terminate();
  await store.close();
  // A thread that has ended has no id.
  expect([writer.threadId, reader.threadId]).toEqual([-1, -1]);
});

describe("tenants", { timeout: 120_000 }, () => {
  const connectionsPerThread = 64;
  const names = Array.from({ length: 100 }, (_, i) => `tenant ${i}`);
  /** Counts connections: each opens the log of its file separately. */
  const openConnections = (): number =>
    readdirSync("/proc/self/fd").filter((fd) => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`).endsWith(".sqlite-wal");
      } catch {
        return false;
      }
    }).length;

  it("share the threads of their store and a bounded number of connections", async () => {
    await using store = await openSqliteStore({ path: join(folder, "tenants.sqlite"), readers: 3 });
    const useAll = (use: (tenant: SpanStore, n: number) => Promise<unknown>) =>
      Promise.all(names.map((name, n) => use(store.forTenant(name), n)));
    await useAll((tenant, n) => tenant.write(requestOf(n + 1, 1)));
    // A stream goes on after other tenants evict its connection.
    await store.forTenant("large").write(requestOf(1, 3000));
    const large = store.forTenant("large").findTraces({ limit: 3000 })[Symbol.asyncIterator]();
    const ids = new Set([(await large.next()).value?.traceId]);
    for (let round = 0; round < 3; round++) {
      await useAll(async (tenant, n) => {
        expect(await tenant.getServices()).toEqual(["cart"]);
        const { traces } = await tenant.findTraceIds(looksAtAll);
        expect(traces).toEqual([]);
        expect(await countOf(tenant)).toBe(round + 1);
        await tenant.getDependencies(everyCall);
        await tenant.write(requestOf(1000 * (round + 1) + n, 1));
      });
    }
    for (let next = await large.next(); !next.done; next = await large.next()) ids.add(next.value.traceId);
    expect(ids.size).toBe(3000);
    // The writer, three readers, and the thread that counts calls.
    expect(started.filter(({ threadId }) => threadId >= 0)).toHaveLength(5);
    // The limit of these threads and of the caller's own.
    if (process.platform === "linux") {
      expect(openConnections()).toBeLessThanOrEqual(6 * connectionsPerThread);
      expect(openConnections()).toBeGreaterThan(connectionsPerThread);
    }
  });

  it("share one thread in memory", async () => {
    await using store = await openSqliteStore({ path: ":memory:" });
    for (const [n, name] of names.entries()) await store.forTenant(name).write(requestOf(1, n + 1));
    for (const [n, name] of names.entries()) expect(await countOf(store.forTenant(name))).toBe(n + 1);
    expect(started).toHaveLength(1);
  });

  it("go on while another program locks the file of one", async () => {
    const path = join(folder, "locked.sqlite");
    await using store = await openSqliteStore({ path });
    await store.forTenant("locked").write(requestOf(1, 1));
    await store.forTenant("free").write(requestOf(1, 1));
    const other = new Database(join(`${path}.tenants`, "locked.sqlite"));
    other.exec("BEGIN IMMEDIATE");
    const order: string[] = [];
    const locked = store
      .forTenant("locked")
      .write(requestOf(2, 1))
      .then(() => order.push("locked"));
    for (let n = 2; n < 10; n++) await store.forTenant("free").write(requestOf(n, 1));
    order.push("free");
    other.exec("ROLLBACK");
    other.close();
    await locked;
    expect(order).toEqual(["free", "locked"]);
    expect(await countOf(store.forTenant("locked"))).toBe(2);
  });
});

describe("a call whose thread is still starting", () => {
  it("ends with ABORTED when its signal fires", async () => {
    const path = join(folder, "starting.sqlite");
    await using writer = await openSqliteStore({ path });
    await fill(writer, 2000);
    const calls: readonly ((store: SpanStore, signal: AbortSignal) => Promise<unknown>)[] = [
      (store, signal) => store.findTraceIds(looksAtAll, { signal }),
      (store, signal) => store.findTraces({}, { signal })[Symbol.asyncIterator]().next(),
      (store, signal) => store.findTraceSummaries({}, { signal })[Symbol.asyncIterator]().next(),
      (store, signal) => store.findSpans({}, { signal })[Symbol.asyncIterator]().next(),
      (store, signal) => store.getDependencies(everyCall, { signal }),
    ];
    for (const call of calls) {
      await using store = await openSqliteStore({ path });
      const abort = new AbortController();
      const answer = call(store, abort.signal);
      abort.abort();
      await expect(answer).rejects.toMatchObject({ code: "ABORTED" });
    }
  });
});
