import assert from "node:assert/strict";
import fc from "fast-check";
import { SpanKind, StatusCode } from "../../../model/trace.js";
import { resource, span } from "../../../query/filter/forms/builder.js";
import type { MetricsQuery } from "../../../query/metrics-query.js";
import type { Suite } from "../../harness.js";
import { assertRefused } from "../../refusals.js";
import { type TestSpan, timeAt, tracesOf } from "../../spans.js";
import { assertCounts, compareLists, countOf, shardOf } from "./counted-metrics.js";

const minute = 60_000;
const second = 1_000_000_000n;
/** The start of a minute. */
const origin = timeAt(40_000);

const hour = { startTimeUnixNano: origin, endTimeUnixNano: origin + 3600n * second };
const fields = ["service", "operation", "kind", "status"] as const;

function at(millis: number): bigint {
  return origin + BigInt(millis) * 1_000_000n;
}

const shop: readonly TestSpan[] = [
  { trace: 1, id: 1, service: "shop", name: "GET /", kind: SpanKind.server, at: at(0), duration: 5_000_000n },
  {
    trace: 1,
    id: 2,
    parent: 1,
    service: "shop",
    name: "GET /",
    kind: SpanKind.client,
    at: at(1),
    duration: 0n,
  },
  {
    trace: 1,
    id: 3,
    parent: 2,
    service: "cart",
    name: "add",
    kind: SpanKind.server,
    at: at(2),
    duration: 3_000_000_000n,
    status: { code: StatusCode.error },
    attributes: { shard: 7 },
  },
  { trace: 2, id: 1, service: "cart", name: "add", kind: SpanKind.server, at: at(minute), duration: 77n },
  {
    trace: 2,
    id: 2,
    service: "cart",
    name: "add",
    kind: SpanKind.server,
    at: at(2 * minute - 1),
    duration: -5n,
    status: { code: StatusCode.ok },
  },
  { trace: 3, id: 1, at: at(2 * minute), duration: 1n, attributes: { shard: "7" } },
];

export function describeMetrics(suite: Suite): void {
  suite.it("calls, errors and latencies by every label and step", async (store) => {
    await store.write(tracesOf(...shop));
    for (const groupBy of [
      [],
      ["service"],
      fields,
      ["status", "kind"],
      ["span.shard"],
      ["service", ".shard"],
    ]) {
      for (const stepNano of [undefined, 60n * second, 7n * second, 90n * second]) {
        const query = { ...hour, groupBy, ...(stepNano && { stepNano }) };
        await assertCounts(store, shop, query, `${groupBy} by ${stepNano}`);
      }
    }
    await assertCounts(store, shop, { ...hour, groupBy: ["resource.service.name"] }, "an attribute's text");
  });

  suite.it("a range begins with its start and ends before its end, also within a minute", async (store) => {
    await store.write(tracesOf(...shop));
    for (const from of [at(-minute), at(-1), at(0), at(0) + 1n, at(2), at(minute), at(minute + 1)]) {
      for (const to of [at(2), at(2) + 1n, at(minute), at(2 * minute), at(2 * minute) + 1n, at(9 * minute)]) {
        if (from >= to) continue;
        const query = { startTimeUnixNano: from, endTimeUnixNano: to, groupBy: ["service"] };
        await assertCounts(store, shop, query, `${from - origin} to ${to - origin}`);
        await assertCounts(store, shop, { ...query, stepNano: 60n * second }, "the same by minutes");
      }
    }
  });

  suite.it("a filter picks the spans that count", async (store) => {
    await store.write(tracesOf(...shop));
    const cases = [
      [resource.service.eq("cart"), (each: TestSpan) => each.service === "cart"],
      [span.kind.ne("server"), (each: TestSpan) => each.kind !== SpanKind.server],
      [span.status.eq("error"), (each: TestSpan) => each.status?.code === StatusCode.error],
      [span.attr("shard").eq("7"), (each: TestSpan) => shardOf(each) !== undefined],
      [span.duration.gte("5ms"), (each: TestSpan) => (each.duration ?? 0n) >= 5_000_000n],
    ] as const;
    for (const [filter, matches] of cases) {
      const query = { ...hour, groupBy: ["service", "operation"], stepNano: 60n * second };
      const expected = countOf(shop.filter(matches), query);
      const answer = await store.getMetrics({ ...query, filter });
      assert.deepEqual(
        answer.map(({ labels, points }) => [labels, points.map(({ calls }) => calls)]),
        expected
          .sort((a, b) => compareLists(Object.values(a.labels), Object.values(b.labels)))
          .map(({ labels, points }) => [labels, points.map(({ calls }) => calls)]),
        JSON.stringify(filter),
      );
    }
  });

  suite.it("a replay counts no span twice", async (store) => {
    const query = { ...hour, groupBy: [...fields], stepNano: 60n * second };
    await store.write(tracesOf(...shop));
    await assertCounts(store, shop, query);
    await store.write(tracesOf(...shop));
    for (const each of shop) await store.write(tracesOf(each, each));
    await assertCounts(store, shop, query, "counted before the replay");
    await assertCounts(store, shop, { ...query, startTimeUnixNano: at(-60 * minute) }, "counted after it");
    await assertCounts(store, shop, { ...query, groupBy: ["span.shard"] }, "counted from the spans");
  });

  suite.it("late spans count where they started", async (store) => {
    const query = { ...hour, groupBy: ["service"], stepNano: 60n * second };
    const written: TestSpan[] = [];
    for (const each of [...shop].reverse()) {
      await assertCounts(store, written, query);
      await store.write(tracesOf(each));
      written.push(each);
    }
    await assertCounts(store, shop, query);
    const old = { ...hour, startTimeUnixNano: origin - 3600n * second, groupBy: ["service"] };
    const early: TestSpan = { trace: 1, id: 9, service: "shop", at: at(-30 * minute), duration: 9n };
    await store.write(tracesOf(early));
    await assertCounts(store, [...shop, early], old);
  });

  suite.it(
    "deleted spans no longer count",
    async (store) => {
      await store.write(tracesOf(...shop));
      const query = { ...hour, groupBy: ["service"], stepNano: 60n * second };
      await assertCounts(store, shop, query);
      await store.deleteBefore(at(2));
      await assertCounts(store, shop.slice(2), query);
      await store.deleteBefore(at(60 * minute));
      assert.deepEqual(await store.getMetrics(query), []);
    },
    { features: ["deleteBefore"] },
  );

  suite.it("random spans, with queries between the writes", async (_store, open) => {
    const anySpan: fc.Arbitrary<TestSpan> = fc.record({
      trace: fc.integer({ min: 1, max: 5 }),
      id: fc.integer({ min: 1, max: 4 }),
      service: fc.constantFrom("a", "b", "\u{10000}", "\uffff"),
      name: fc.constantFrom("x", "y", ""),
      kind: fc.constantFrom(0, SpanKind.server, SpanKind.client),
      at: fc.integer({ min: -2 * minute, max: 6 * minute }).map((millis) => at(millis)),
      duration: fc.bigInt({ min: -1n, max: 10n ** 12n }),
      status: fc.constantFrom({ code: StatusCode.unset }, { code: StatusCode.error }),
    });
    const ask = fc.record({
      startTimeUnixNano: fc.integer({ min: -2, max: 3 }).map((minutes) => at(minutes * minute)),
      endTimeUnixNano: fc.integer({ min: 4 * minute, max: 7 * minute }).map((millis) => at(millis)),
      stepNano: fc.constantFrom(60n * second, 120n * second, 3600n * second, 11n * second),
      groupBy: fc.subarray([...fields]),
    });
    const steps = fc.array(fc.tuple(fc.array(anySpan, { minLength: 1, maxLength: 6 }), ask), {
      minLength: 1,
      maxLength: 5,
    });
    let run = 0;
    await fc.assert(
      fc.asyncProperty(steps, async (all) => {
        const store = await open(`random${run++}`);
        /** Spans with the same bytes and resource are copies. */
        const distinct = new Map<string, TestSpan>();
        for (const [spans, query] of all) {
          await store.write(tracesOf(...spans));
          for (const each of spans) distinct.set(copyKey(each), each);
          await assertCounts(store, [...distinct.values()], query);
        }
        await store.close();
      }),
      { numRuns: 8 },
    );
  });

  suite.it("an invalid query is refused, and names the field", async (store) => {
    const wrong: readonly [Partial<MetricsQuery>, string][] = [
      [{ endTimeUnixNano: origin }, "endTimeUnixNano"],
      [{ startTimeUnixNano: -1n }, "startTimeUnixNano"],
      [{ stepNano: 0n }, "stepNano"],
      [{ stepNano: 1n }, "stepNano"],
      [{ groupBy: ["service", "service"] }, "groupBy[1]"],
      [{ groupBy: ["colour"] }, "groupBy[0]"],
      [{ groupBy: ["event.name"] }, "groupBy[0]"],
      [{ groupBy: [".a = 1 || .b"] }, "groupBy[0]"],
      [{ groupBy: [".a", ".b", ".c"] }, "groupBy"],
    ];
    const hasFields = suite.has("errorFields");
    for (const [part, field] of wrong) {
      const call = () => store.getMetrics({ ...hour, ...part });
      await assertRefused(call, "INVALID_QUERY", hasFields ? field : undefined, JSON.stringify(field));
    }
  });
}

function copyKey(each: TestSpan): string {
  return JSON.stringify(each, (_key, value: unknown) => (typeof value === "bigint" ? `${value}n` : value));
}
