import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import type { SpanStore } from "@spanstore/core";
import { type ManticoreOptions, openManticoreStore } from "@spanstore/manticore";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import { describeWithPeer } from "../../../../scripts/test-support/peers.js";
import { until } from "../../../../scripts/test-support/processes.js";
import { ofShop, span } from "../one-span.js";
import { freshPrefix, type Searchd, startSearchd } from "../searchd.js";

/** The byte after a packet's header that marks a statement, and not a greeting. */
const queryCommand = 3;

/** A proxy before searchd that holds back answers while a test wants it, and records statements meanwhile. */
async function startHolder({ hostname, port }: URL) {
  const sockets = new Set<Socket>();
  let held = false;
  let sent: string[] = [];
  const waiting: (() => void)[] = [];
  const server = createServer((inner) => {
    const outer = connect(Number(port), hostname);
    sockets.add(inner).add(outer);
    let isHeld = false;
    inner.on("data", (bytes) => {
      if (held) sent.push(bytes.toString("latin1"));
      isHeld = held && (isHeld || bytes[4] === queryCommand);
      outer.write(bytes);
    });
    outer.on("data", (bytes) => {
      if (held && isHeld) waiting.push(() => inner.write(bytes));
      else inner.write(bytes);
    });
    for (const [one, other] of [
      [inner, outer],
      [outer, inner],
    ] as const) {
      one.on("error", () => other.destroy());
      one.on("close", () => other.destroy());
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `mysql://127.0.0.1:${(server.address() as AddressInfo).port}`,
    hold: () => {
      held = true;
      sent = [];
    },
    letGo: () => {
      held = false;
      for (const answer of waiting.splice(0)) answer();
    },
    /** Counts the packets with this text since `hold`. */
    sent: (start: string) => sent.filter((text) => text.includes(start)).length,
    close: async () => {
      const closed = once(server, "close");
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

describeWithPeer("manticore", "a call that waits", (located) => {
  let searchd: Searchd;
  let holder: Awaited<ReturnType<typeof startHolder>>;
  let prefix: string;
  beforeAll(async () => {
    searchd = await startSearchd(located);
    holder = await startHolder(new URL(searchd.url));
  });
  beforeEach(() => {
    prefix = freshPrefix();
  });
  afterEach(() => holder?.letGo());
  afterAll(async () => {
    await holder?.close();
    await searchd?.close();
  });

  const open = async (options: Partial<ManticoreOptions> = {}): Promise<SpanStore> => {
    const store = await openManticoreStore({ url: holder.url, prefix, retryMillis: 60_000, ...options });
    await store.write(traceOf(1));
    return store;
  };
  const traceOf = (number: number) => ofShop([{ ...span, traceId: number.toString(16).padStart(32, "0") }]);
  const codeOf = (call: Promise<unknown>): Promise<unknown> =>
    call.then(
      () => "done",
      (error: { code: unknown }) => error.code,
    );
  const reached = (start: string, count: number): Promise<unknown> =>
    until(async () => (holder.sent(start) >= count ? true : undefined), { what: start, timeoutMs: 20_000 });

  it("rejects when the answer is late, and is not retried", async () => {
    await using store = await open({ timeoutMillis: 2_000 });
    holder.hold();
    await expect(store.getServices()).rejects.toMatchObject({
      code: "STORE_UNAVAILABLE",
      message: expect.stringContaining("did not answer in time"),
    });
    expect(holder.sent("SELECT id, service")).toBe(1);
    holder.letGo();
    expect(await store.getServices()).toEqual(["shop"]);
  });

  it("ends with its signal: a walk that waits for a write, and a write in flight", async () => {
    await using store = await open();
    holder.hold();
    const abort = new AbortController();
    const { signal } = abort;
    const write = store.write(traceOf(2), { signal });
    // Waits for the row of a range of numbers, or the rows of the write.
    await reached("INTO", 1);
    const walk = store.findTraceIds({ page: { size: 1, token: "" } }, { signal });
    const codes = Promise.all([write, walk].map(codeOf));
    abort.abort();
    expect(await codes).toEqual(["ABORTED", "ABORTED"]);
    holder.letGo();
    expect(await store.getServices()).toEqual(["shop"]);
  });

  it("ends with its signal: a read that waits for a connection", async () => {
    await using store = await open({ readers: 1, writers: 1 });
    holder.hold();
    // These use all connections: two for the writer, one for reads.
    const reads = Array.from({ length: 3 }, () => store.getServices());
    await reached("SELECT id, service", 1);
    const abort = new AbortController();
    const code = codeOf(store.getServices({ signal: abort.signal }));
    const other = codeOf(store.findTraceIds({}, { signal: abort.signal }));
    await new Promise(setImmediate);
    abort.abort();
    expect([await code, await other]).toEqual(["ABORTED", "ABORTED"]);
    holder.letGo();
    expect(await Promise.all(reads)).toEqual([["shop"], ["shop"], ["shop"]]);
    expect(await store.getServices()).toEqual(["shop"]);
  });

  it("rejects when no connection becomes free", async () => {
    await using store = await open({ readers: 1, writers: 1, timeoutMillis: 3_000 });
    holder.hold();
    const reads = Array.from({ length: 5 }, () =>
      store.getServices().then(
        () => "done",
        (error: unknown) => String(error),
      ),
    );
    const told = await Promise.all(reads);
    expect(told.filter((text) => text.includes("did not answer in time"))).toHaveLength(3);
    expect(told.filter((text) => text.includes("became free"))).toHaveLength(2);
    holder.letGo();
    expect(await store.getServices()).toEqual(["shop"]);
  });
});
