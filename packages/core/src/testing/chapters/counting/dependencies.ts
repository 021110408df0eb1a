import assert from "node:assert/strict";
import { latencyCount, latencyQuantile } from "../../../model/latency.js";
import type { Dependency } from "../../../store/contract/calls.js";
import type { SpanStore } from "../../../store/contract/span-store.js";
import type { Suite } from "../../harness.js";
import { type TestSpan, timeAt, traceIdOf, tracesOf } from "../../spans.js";

const hour = 3_600_000;

async function calls(store: SpanStore, from = -hour, to = hour): Promise<string[]> {
  const window = { startTimeUnixNano: timeAt(from), endTimeUnixNano: timeAt(to) };
  return (await store.getDependencies(window)).map(asText);
}

function asText({ parent, child, callCount }: Dependency): string {
  return `${parent}>${child}:${callCount}`;
}

const kinds = { client: 3, server: 2, producer: 4, consumer: 5, internal: 1 } as const;

/** Spans, and the calls between them. */
const cases: Readonly<Record<string, readonly [readonly TestSpan[], readonly string[]]>> = {
  "a client calls a server": [
    [
      { trace: 1, id: 1, service: "shop", kind: kinds.client },
      { trace: 1, id: 2, parent: 1, service: "cart", kind: kinds.server },
    ],
    ["shop>cart:1"],
  ],
  "only the server's half of a call arrived": [
    [
      { trace: 1, id: 1, service: "shop" },
      { trace: 1, id: 2, parent: 1, service: "cart" },
      { trace: 1, id: 4, parent: 3, service: "lost" },
    ],
    ["shop>cart:1"],
  ],
  "a consumer is the child of a producer": [
    [
      { trace: 1, id: 1, service: "shop", kind: kinds.producer },
      { trace: 1, id: 2, parent: 1, service: "mail", kind: kinds.consumer },
      { trace: 1, id: 3, parent: 1, service: "stock", kind: kinds.consumer },
    ],
    ["shop>mail:1", "shop>stock:1"],
  ],
  "links are no calls": [
    [
      { trace: 1, id: 1, service: "shop", kind: kinds.producer },
      {
        trace: 2,
        id: 2,
        service: "mail",
        kind: kinds.consumer,
        links: [{ traceId: traceIdOf(1), spanId: "0000000000000001" }],
      },
    ],
    [],
  ],
  "spans of one service make no call": [
    [
      { trace: 1, id: 1, service: "shop" },
      { trace: 1, id: 2, parent: 1, service: "shop", kind: kinds.internal },
      { trace: 1, id: 3, parent: 2, service: "cart" },
      { trace: 1, id: 4, parent: 3, service: "shop" },
    ],
    ["cart>shop:1", "shop>cart:1"],
  ],
  "spans without a service take no part": [
    [
      { trace: 1, id: 1, service: "shop" },
      { trace: 1, id: 2, parent: 1 },
      { trace: 1, id: 3, parent: 2, service: "cart" },
    ],
    [],
  ],
  "a span with the parent's id in another trace is no parent": [
    [
      { trace: 1, id: 1, service: "shop" },
      { trace: 2, id: 2, parent: 1, service: "cart" },
    ],
    [],
  ],
  "client and server share a span id: the call is counted once": [
    [
      { trace: 1, id: 1, service: "shop", kind: kinds.client },
      { trace: 1, id: 2, parent: 1, service: "shop", kind: kinds.client },
      { trace: 1, id: 2, parent: 1, service: "cart", kind: kinds.server },
      { trace: 1, id: 3, parent: 2, service: "cart", kind: kinds.internal },
    ],
    ["shop>cart:1"],
  ],
  "a span that is its own parent makes no call, and each span of a cycle calls the next": [
    [
      { trace: 1, id: 1, parent: 1, service: "shop" },
      { trace: 2, id: 1, parent: 2, service: "shop" },
      { trace: 2, id: 2, parent: 1, service: "cart" },
    ],
    ["cart>shop:1", "shop>cart:1"],
  ],
};

export function describeDependencies(suite: Suite): void {
  /** Each case has its own traces and its own range of time. */
  const placed = Object.entries(cases).map(([what, [spans, expected]], i) => ({
    what,
    expected,
    spans: spans.map(
      ({ links = [], ...span }): TestSpan => ({
        ...span,
        trace: 10 * i + Number(span.trace),
        at: 3 * hour * i,
        links: links.map((link) => ({ ...link, traceId: traceIdOf(10 * i + 1) })),
      }),
    ),
    counted: (store: SpanStore) => calls(store, 3 * hour * i - hour, 3 * hour * i + hour),
  }));

  suite.it("calls follow from parents, each once", async (store) => {
    for (const { what, spans, expected, counted } of placed) {
      await store.write(tracesOf(...spans));
      assert.deepEqual(await counted(store), expected, what);
      await store.write(tracesOf(...spans));
      for (const span of spans) await store.write(tracesOf(span));
      assert.deepEqual(await counted(store), expected, `${what}: a replay counts`);
    }
    for (const { what, expected, counted } of placed) assert.deepEqual(await counted(store), expected, what);
  });

  suite.it("calls are the same in any order of arrival, with reads in between", async (store) => {
    for (const { what, spans, expected, counted } of placed) {
      assert.deepEqual(await counted(store), [], what);
      for (const span of [...spans].reverse()) {
        await store.write(tracesOf(span));
        await counted(store);
      }
      assert.deepEqual(await counted(store), expected, what);
    }
  });

  suite.it("a call belongs to the range in which its span starts, both ends inclusive", async (store) => {
    await store.write(
      tracesOf(
        { trace: 1, id: 1, service: "shop", at: -2 * hour, duration: 1n },
        { trace: 1, id: 2, parent: 1, service: "cart", at: 60_000 },
        { trace: 1, id: 3, parent: 1, service: "cart", at: 2 * hour },
      ),
    );
    const at = timeAt(60_000);
    const within = async (from: bigint, to: bigint): Promise<string[]> =>
      (await store.getDependencies({ startTimeUnixNano: from, endTimeUnixNano: to })).map(asText);
    assert.deepEqual(await within(at, at), ["shop>cart:1"]);
    assert.deepEqual(await within(at - 1n, at - 1n), []);
    assert.deepEqual(await within(at + 1n, at + 1n), []);
    assert.deepEqual(await within(at - 1n, at), ["shop>cart:1"]);
    assert.deepEqual(await within(at, at + 1n), ["shop>cart:1"]);
    assert.deepEqual(await within(0n, at - 1n), []);
    assert.deepEqual(await within(0n, (1n << 64n) - 1n), ["shop>cart:2"]);
  });

  suite.it("calls are added up and sorted by code point", async (store) => {
    const services = ["\u{10000}", "b", "\uffff", "a"];
    for (let round = 0; round < 3; round++) {
      await store.write(
        tracesOf(
          { trace: round + 1, id: 1, service: "root" },
          ...services
            .slice(round)
            .map((service, i): TestSpan => ({ trace: round + 1, id: i + 2, parent: 1, service })),
        ),
      );
    }
    assert.deepEqual(await calls(store), ["root>a:3", "root>b:2", "root>\uffff:3", "root>\u{10000}:1"]);
  });

  suite.it("the next answer has later parents, children and whole traces", async (store) => {
    await store.write(tracesOf({ trace: 1, id: 2, parent: 1, service: "cart" }));
    assert.deepEqual(await calls(store), []);
    await store.write(tracesOf({ trace: 1, id: 1, service: "shop", at: -1000 }));
    assert.deepEqual(await calls(store), ["shop>cart:1"]);
    await store.write(tracesOf({ trace: 1, id: 3, parent: 2, service: "stock", at: 1000 }));
    assert.deepEqual(await calls(store), ["cart>stock:1", "shop>cart:1"]);
    await store.write(
      tracesOf({ trace: 2, id: 1, service: "shop" }, { trace: 2, id: 2, parent: 1, service: "cart" }),
    );
    assert.deepEqual(await calls(store), ["cart>stock:1", "shop>cart:2"]);
    // A span of the child's service shares the parent's id: the call was internal.
    await store.write(tracesOf({ trace: 2, id: 1, service: "cart" }));
    assert.deepEqual(await calls(store), ["cart>stock:1", "shop>cart:1"]);
    assert.deepEqual(await calls(store, -2 * hour, 3 * hour), ["cart>stock:1", "shop>cart:1"]);
  });

  suite.it(
    "a pair of services has its errors and latencies, also after replays and late spans",
    async (store) => {
      const called: readonly TestSpan[] = [
        { trace: 1, id: 2, parent: 1, service: "cart", duration: 3_000_000n },
        { trace: 2, id: 2, parent: 1, service: "cart", duration: 0n, status: { code: 2 } },
        { trace: 3, id: 2, parent: 1, service: "cart", duration: -1n, status: { code: 1 } },
        { trace: 4, id: 2, parent: 1, service: "cart", duration: 90_000_000_000n, status: { code: 2 } },
      ];
      for (const { trace } of called) await store.write(tracesOf({ trace, id: 1, service: "shop" }));
      for (const [i, each] of called.entries()) {
        await store.write(tracesOf(each));
        await store.write(tracesOf(each, each));
        const [edge] = await store.getDependencies({
          startTimeUnixNano: timeAt(-hour),
          endTimeUnixNano: timeAt(hour),
        });
        const sofar = called.slice(0, i + 1);
        assert.equal(edge?.callCount, BigInt(sofar.length));
        assert.equal(edge.errorCount, BigInt(sofar.filter(({ status }) => status?.code === 2).length));
        assert.ok(edge.latency !== undefined);
        assert.equal(latencyCount(edge.latency), sofar.length);
        const zeros = sofar.filter(({ duration = 0n }) => duration <= 0n);
        assert.equal(edge.latency.zeroCount, zeros.length);
        const longest = sofar.reduce((max, { duration = 0n }) => (duration > max ? duration : max), 0n);
        const got = latencyQuantile(edge.latency, 1) ?? Number.NaN;
        assert.ok(Math.abs(got - Number(longest)) <= Number(longest) * 0.0055, `${got}, not ${longest}`);
      }
    },
  );

  suite.it("reads during writes have answers, and the last one is complete", async (store) => {
    const writes = Array.from({ length: 30 }, (_, i) =>
      store.write(
        tracesOf(
          { trace: i + 1, id: 1, service: "shop", at: i },
          { trace: i + 1, id: 2, parent: 1, service: "cart", at: i },
        ),
      ),
    );
    await Promise.all([...writes, ...Array.from({ length: 10 }, () => calls(store))]);
    assert.deepEqual(await calls(store), ["shop>cart:30"]);
  });

  suite.it(
    "deleted calls no longer count",
    async (store) => {
      await store.write(
        tracesOf(
          { trace: 1, id: 1, service: "shop", at: 0 },
          { trace: 1, id: 2, parent: 1, service: "cart", at: 1 },
          { trace: 1, id: 3, parent: 2, service: "stock", at: 2 },
        ),
      );
      assert.deepEqual(await calls(store), ["cart>stock:1", "shop>cart:1"]);
      await store.deleteBefore(timeAt(1));
      assert.deepEqual(await calls(store), ["cart>stock:1"]);
      await store.deleteBefore(timeAt(2));
      assert.deepEqual(await calls(store), []);
    },
    { features: ["deleteBefore"] },
  );
}
