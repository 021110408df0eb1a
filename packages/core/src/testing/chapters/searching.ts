import assert from "node:assert/strict";
import { encodeTraces } from "../../otlp/encode.js";
import type { TraceQuery } from "../../query/trace-query.js";
import { walkTraceIds } from "../answers.js";
import { found, labelsOf, readTraces } from "../contents.js";
import type { Suite } from "../harness.js";
import { type TestSpan, timeAt, traceIdOf, tracesOf } from "../spans.js";

const low = "000000000000000a";
const short = low.padStart(32, "0");
const long = `0000000000000001${low}`;

export function describeSearching(suite: Suite): void {
  suite.describe("trace ids", () => {
    suite.it("64 and 128 bits are different unless they are the same number", async (store) => {
      await store.write(tracesOf({ trace: short }, { trace: long }));
      const read = async (...ids: string[]): Promise<string[]> =>
        (await readTraces(store.getTraces(ids))).traces.map(({ traceId }) => traceId);
      assert.deepEqual(await read(low), [short]);
      assert.deepEqual(await read(short), [short]);
      assert.deepEqual(await read(long), [long]);
      assert.deepEqual(await found(store, {}), [short, long]);
    });
    suite.it(
      "traces come in the order asked for, once, in either case, without unknown ones",
      async (store) => {
        await store.write(tracesOf({ trace: short }, { trace: long }, { trace: "f".repeat(32) }));
        const ids = [long, "F".repeat(32), "1".repeat(32), low.toUpperCase(), short, long];
        const { traces } = await readTraces(store.getTraces(ids));
        assert.deepEqual(
          traces.map(({ traceId }) => traceId),
          [long, "f".repeat(32), short],
        );
        assert.deepEqual((await readTraces(store.getTraces([]))).traces, []);
      },
    );
  });

  suite.describe("time", () => {
    const at = timeAt(1000);
    suite.it("a range includes both ends", async (store) => {
      await store.write(tracesOf({ trace: 1, at, duration: 5_000_000_000n }));
      const within = async (min: bigint, max: bigint): Promise<number> =>
        (await found(store, { startTimeMinUnixNano: min, startTimeMaxUnixNano: max })).length;
      assert.equal(await within(at, at), 1);
      assert.equal(await within(at - 1n, at), 1);
      assert.equal(await within(at, at + 1n), 1);
      assert.equal(await within(at - 2n, at - 1n), 0);
      // The start counts, not the end.
      assert.equal(await within(at + 1n, at + 2n), 0);
    });
    suite.it("times at both ends of OTLP's range are found", async (store) => {
      const last = (1n << 64n) - 1n;
      await store.write(tracesOf({ trace: 1, at: 0n, duration: 0n }, { trace: 2, at: last, duration: 0n }));
      assert.deepEqual(await found(store, {}), [traceIdOf(2), traceIdOf(1)]);
      assert.deepEqual(await found(store, { startTimeMinUnixNano: last }), [traceIdOf(2)]);
      assert.deepEqual(await found(store, { startTimeMaxUnixNano: last - 1n }), [traceIdOf(1)]);
    });
    suite.it(
      "a range up to 0 includes spans that started at 0",
      async (store) => {
        await store.write(tracesOf({ trace: 1, at: 0n }, { trace: 2, at: 1n }));
        assert.deepEqual(await found(store, { startTimeMaxUnixNano: 0n }), [traceIdOf(1)]);
      },
      { features: ["zeroBounds"] },
    );
    suite.it("a trace is found whole, with spans outside of the range", async (store) => {
      const traces = tracesOf(
        ...[0, 10, 7_200_000].map((start, i): TestSpan => ({ trace: 1, id: i + 1, at: start })),
      );
      await store.write(traces);
      const query = { startTimeMinUnixNano: timeAt(10), startTimeMaxUnixNano: timeAt(10) };
      assert.deepEqual(
        (await readTraces(store.findTraces(query))).traces[0]?.spans,
        labelsOf(encodeTraces(traces)).sort(),
      );
      const [trace] = (await store.findTraceIds(query)).traces;
      assert.equal(trace?.startTimeUnixNano, timeAt(0));
      assert.equal(trace?.endTimeUnixNano, timeAt(7_200_001));
    });
  });

  suite.describe("order and limit", () => {
    suite.it("traces are ordered by their newest matching span, ties by trace id", async (store) => {
      await store.write(
        tracesOf(
          { trace: 5, at: 1, name: "asked" },
          { trace: 5, id: 2, at: 100 },
          { trace: 4, at: 2, name: "asked" },
          { trace: 3, at: 2, name: "asked" },
          { trace: 2, at: 0, name: "asked" },
          { trace: 2, id: 2, at: 3, name: "asked" },
        ),
      );
      const expected = [2, 3, 4, 5].map(traceIdOf);
      assert.deepEqual(await found(store, { operation: "asked" }), expected);
      for (let limit = 1; limit <= 4; limit++) {
        assert.deepEqual(await found(store, { operation: "asked", limit }), expected.slice(0, limit));
      }
      assert.deepEqual(await found(store, {}), [5, 2, 3, 4].map(traceIdOf));
    });
    suite.it("a trace's newest match counts, in any of many requests", async (store) => {
      await store.write(tracesOf({ trace: 100, id: 1, at: 1000 }, { trace: 100, id: 2, at: timeAt(0) - 1n }));
      await store.write(tracesOf({ trace: 100, id: 3, at: 0 }, { trace: 101, at: 0 }));
      await store.write(tracesOf({ trace: 100, id: 4, at: -3_600_000 }));
      for (let trace = 1; trace <= 15; trace++) {
        await store.write(tracesOf({ trace, at: 0 }, { trace, id: 2, at: 1024 }));
      }
      const expected = [...Array.from({ length: 15 }, (_, i) => i + 1), 100, 101].map(traceIdOf);
      for (const limit of [14, 15, 16, 17, 18, 1000]) {
        const query = { startTimeMaxUnixNano: timeAt(0), limit };
        assert.deepEqual(await found(store, query), expected.slice(0, limit), `limit ${limit}`);
      }
    });
    suite.it("no limit means 100", async (store) => {
      await store.write(
        tracesOf(...Array.from({ length: 105 }, (_, i): TestSpan => ({ trace: i + 1, at: i }))),
      );
      const newest = Array.from({ length: 105 }, (_, i) => traceIdOf(105 - i));
      for (const limit of [undefined, 0, -1]) {
        assert.deepEqual(await found(store, limit === undefined ? {} : { limit }), newest.slice(0, 100));
      }
      assert.deepEqual(await found(store, { limit: 1000 }), newest);
    });
    suite.it("more traces than a second has milliseconds may start at one nanosecond", async (store) => {
      // More than Elasticsearch lists in one answer.
      const count = 10_500;
      const traces = Array.from(
        { length: count },
        (_, i): TestSpan => ({ trace: count - i, service: `s${i % 2}` }),
      );
      for (let from = 0; from < count; from += 3_500)
        await store.write(tracesOf(...traces.slice(from, from + 3_500)));
      await store.write(tracesOf({ trace: "f".repeat(32), at: 1 }, { trace: 9, id: 2, at: -1 }));
      const smallest = Array.from({ length: count }, (_, i) => traceIdOf(i + 1));
      assert.deepEqual(await found(store, { limit: 4 }), ["f".repeat(32), ...smallest.slice(0, 3)]);
      const even = smallest.filter((_, i) => (count - 1 - i) % 2 === 0);
      assert.deepEqual(await found(store, { service: "s0", limit: 10 }), even.slice(0, 10));
      assert.deepEqual(
        await walkTraceIds(store, { service: "s0", startTimeMaxUnixNano: timeAt(0) }, 4_000),
        even,
      );
      assert.deepEqual(await found(store, { startTimeMaxUnixNano: timeAt(-1) }), [traceIdOf(9)]);
    });
  });

  suite.describe("one span satisfies everything", () => {
    suite.it("several spans together are no match", async (store) => {
      await store.write(
        tracesOf(
          { trace: 1, id: 1, service: "shop", name: "get", attributes: { k: "v" } },
          { trace: 1, id: 2, service: "cart", name: "put", attributes: { l: 200 }, duration: 3_000_000_000n },
        ),
      );
      const queries: readonly (readonly [TraceQuery, number])[] = [
        [{ service: "shop", operation: "get", attributes: { k: "v" } }, 1],
        [{ service: "cart", operation: "put", attributes: { l: "200" }, minDurationNano: 3_000_000_000n }, 1],
        [{ service: "shop", operation: "put" }, 0],
        [{ service: "shop", attributes: { l: 200 } }, 0],
        [{ attributes: { k: "v", l: 200 } }, 0],
        [{ service: "shop", minDurationNano: 1_000_000_001n }, 0],
        [{ operation: "get", maxDurationNano: 1_000_000n }, 1],
        [{ operation: "get", maxDurationNano: 999_999n }, 0],
      ];
      for (const [query, count] of queries)
        assert.equal((await found(store, query)).length, count, JSON.stringify(Object.keys(query)));
    });
    suite.it("an attribute is found by the text of its value, at every level", async (store) => {
      const attributes = [{ key: "event.k", value: { doubleValue: 200 } }];
      await store.write(
        tracesOf({
          trace: 1,
          service: "shop",
          attributes: { int: 200, text: "200", double: { doubleValue: 200 }, half: 0.5, yes: true },
          events: [{ timeUnixNano: timeAt(0), name: "event", attributes }],
          links: [
            {
              traceId: traceIdOf(7),
              spanId: "",
              attributes: [{ key: "link.k", value: { stringValue: "v" } }],
            },
          ],
        }),
      );
      const matching: readonly NonNullable<TraceQuery["attributes"]>[] = [
        ...[
          { int: "200" },
          { int: 200 },
          { text: 200n },
          { double: "200" },
          { half: "0.5" },
          { yes: "true" },
        ],
        ...[
          { "event.k": 200 },
          { "link.k": "v" },
          { "service.name": "shop" },
          { "resource.service.name": "shop" },
        ],
        ...[{ error: false }, { "span.status": "UNSET" }, { "span.kind": "unspecified" }],
      ];
      for (const query of matching)
        assert.equal(
          (await found(store, { attributes: query })).length,
          1,
          JSON.stringify(Object.keys(query)),
        );
      const others: readonly NonNullable<TraceQuery["attributes"]>[] = [
        ...[{ int: "200.0" }, { int: "20" }, { Int: 200 }, { text: "2000" }, { yes: "True" }, { absent: "" }],
        ...[{ "link.k": "V" }, { "resource.int": 200 }, { error: true }, { "span.kind": "server" }],
      ];
      for (const query of others)
        assert.deepEqual(await found(store, { attributes: query }), [], JSON.stringify(Object.keys(query)));
    });
  });
}
