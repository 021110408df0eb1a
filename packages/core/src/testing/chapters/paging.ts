import assert from "node:assert/strict";
import { encodeTraces } from "../../otlp/encode.js";
import type { SpanOrder } from "../../query/trace-query.js";
import type { SpanStore } from "../../store/contract/span-store.js";
import { pageOf, walkSpans, walkTraceIds } from "../answers.js";
import { contentsOf, readSpans, readSummaries, readTraces } from "../contents.js";
import type { Suite } from "../harness.js";
import { assertRefused } from "../refusals.js";
import { type TestSpan, timeAt, traceIdOf, tracesOf } from "../spans.js";

const orders: readonly (readonly SpanOrder[])[] = [
  [],
  [{ field: "startTime" }],
  [{ field: "duration", direction: "desc" }],
  [{ field: "duration" }, { field: "startTime", direction: "asc" }],
  [{ field: "traceID", direction: "desc" }],
  [
    { field: "spanID", direction: "desc" },
    { field: "duration", direction: "desc" },
  ],
  [{ field: "spanID" }, { field: "traceID" }, { field: "startTime" }, { field: "duration" }],
];

/** Few starts, durations and ids, so that every key of an order has ties. */
const spans: readonly TestSpan[] = Array.from({ length: 30 }, (_, i) => ({
  trace: 1 + (i % 4),
  id: 1 + (i % 3),
  at: [0, 0, 1, 5_000, 0][i % 5] as number,
  duration: [0n, 5n, -5n, 3_600_000_000_000n][Math.floor(i / 4) % 4] as bigint,
  name: `op${i}`,
}));

/** The expected order of the spans, sorted here. */
function sorted(orderBy: readonly SpanOrder[]): string[] {
  const fallback: readonly SpanOrder[] = [
    { field: "startTime", direction: "desc" },
    { field: "traceID", direction: "asc" },
    { field: "spanID", direction: "asc" },
  ];
  const terms = [
    ...orderBy,
    ...fallback.filter(({ field }) => !orderBy.some((term) => term.field === field)),
  ];
  const placed = spans.map((span) => ({
    startTime: timeAt(span.at ?? 0),
    duration: span.duration ?? 0n,
    traceID: traceIdOf(span.trace),
    spanID: BigInt(span.id ?? 0),
    label: contentsOf(encodeTraces(tracesOf(span)))[0]?.label as string,
  }));
  placed.sort((a, b) => {
    for (const { field, direction } of terms) {
      if (a[field] === b[field]) continue;
      return a[field] < b[field] === (direction !== "desc") ? -1 : 1;
    }
    return 0;
  });
  return placed.map(({ label }) => label);
}

export function describePaging(suite: Suite): void {
  const tokenField = suite.has("errorFields") ? "page.token" : undefined;
  const writeAll = async (store: SpanStore): Promise<void> => {
    for (let i = 0; i < spans.length; i += 7) await store.write(tracesOf(...spans.slice(i, i + 7)));
  };

  suite.it("span searches come in every order, with pages of any size", async (store) => {
    await writeAll(store);
    for (const orderBy of orders) {
      const expected = sorted(orderBy);
      const keysOf = (labels: readonly string[]): string[] =>
        labels.map((label) => label.split("#")[0] ?? "");
      const together = await walkSpans(store, { orderBy }, 30);
      for (const size of [1, 7, 29, 30, 31]) {
        const walked = await walkSpans(store, { orderBy }, size);
        // Spans that tie may come in any order, but always in the same one.
        assert.deepEqual([...walked].sort(), [...expected].sort());
        assert.deepEqual(walked, together);
        assert.deepEqual(placesOf(walked, orderBy), placesOf(expected, orderBy), keysOf(walked).join("\n"));
      }
    }
  });

  suite.it("the last page has no token, a full one included", async (store) => {
    await store.write(tracesOf(...[1, 2, 3, 4].map((trace): TestSpan => ({ trace, at: trace }))));
    for (const [size, pages] of [
      [1, 4],
      [2, 2],
      [3, 2],
      [4, 1],
      [5, 1],
    ] as const) {
      let read = 1;
      await walkTraceIds(store, {}, size, async () => void read++);
      assert.equal(read, pages);
      read = 1;
      await walkSpans(store, {}, size, async () => void read++);
      assert.equal(read, pages);
    }
    assert.deepEqual(await walkTraceIds(store, { service: "none" }, 2), []);
    assert.deepEqual(await walkSpans(store, { startTimeMinUnixNano: timeAt(5) }, 2), []);
  });

  suite.it("the size of pages may change during a walk, and an empty token begins one", async (store) => {
    await store.write(tracesOf(...[1, 2, 3, 4, 5].map((trace): TestSpan => ({ trace, at: -trace }))));
    const first = await store.findTraceIds({ page: { size: 2, token: "" } });
    const second = await store.findTraceIds({ page: pageOf(1, first.nextPageToken) });
    const third = await store.findTraceIds({ page: pageOf(9, second.nextPageToken) });
    const ids = [first, second, third].map(({ traces }) => traces.map(({ traceId }) => traceId));
    assert.deepEqual(
      ids,
      [[1, 2], [3], [4, 5]].map((page) => page.map(traceIdOf)),
    );
    assert.equal(third.nextPageToken, undefined);
    // A token works repeatedly, and for all three searches.
    const token = first.nextPageToken;
    const again = await readTraces(store.findTraces({ page: pageOf(1, token) }));
    assert.deepEqual(
      again.traces.map(({ traceId }) => traceId),
      [traceIdOf(3)],
    );
    const summaries = await readSummaries(store.findTraceSummaries({ page: pageOf(1, token) }));
    assert.deepEqual(
      summaries.summaries.map(({ traceId }) => traceId),
      [traceIdOf(3)],
    );
  });

  suite.it("a trace that matches before and after the end of a page comes once", async (store) => {
    const traces = Array.from({ length: 80 }, (_, i) => i + 1);
    for (const at of [0, -10_000, -20_000]) {
      const spans = traces.map((trace): TestSpan => ({ trace, id: 1 + at / -10_000, at }));
      for (let i = 0; i < spans.length; i += 16) await store.write(tracesOf(...spans.slice(i, i + 16)));
    }
    assert.deepEqual(await walkTraceIds(store, {}, 7), traces.map(traceIdOf));
  });

  suite.it("a walk during writes gives everything stored at its beginning", async (store) => {
    const traces = [1, 2, 3, 4, 5, 6, 7, 8];
    await store.write(tracesOf(...traces.map((trace): TestSpan => ({ trace, at: -1000 * trace }))));
    const ids = await walkTraceIds(store, {}, 100);
    assert.deepEqual(ids, traces.map(traceIdOf));
    const all = await walkSpans(store, {}, 100);
    let written = 0;
    const write = async (): Promise<void> => {
      // Bounded, since a walk that shows later spans would never end.
      if (written === 30) return;
      written++;
      // Moves unread traces to places that the walk has passed, and adds traces on both sides.
      const moved = traces.map((trace): TestSpan => ({ trace, id: 1 + written, at: 1000 * written }));
      await store.write(
        tracesOf(...moved, { trace: 100 + written, at: -1500 }, { trace: 200 + written, at: -9000 }),
      );
      await store.write(tracesOf({ trace: 8, at: -8000 }));
    };
    const during = await walkTraceIds(store, {}, 1, write);
    assert.deepEqual(
      during.filter((each) => ids.includes(each)),
      ids,
    );
    assert.equal(new Set(during).size, during.length);
    written = 0;
    const spansDuring = await walkSpans(store, {}, 1, write);
    assert.deepEqual(
      spansDuring.filter((each) => all.includes(each)),
      all,
    );
    assert.equal(new Set(spansDuring).size, spansDuring.length);
  });

  suite.describe("tokens", () => {
    const tokenOf = async (store: SpanStore): Promise<string> => {
      await store.write(tracesOf(...[1, 2, 3].map((trace): TestSpan => ({ trace, service: "shop" }))));
      const { nextPageToken } = await store.findTraceIds({ service: "shop", page: { size: 1 } });
      assert.ok(nextPageToken !== undefined);
      return nextPageToken;
    };
    const spanTokenOf = async (store: SpanStore, orderBy: readonly SpanOrder[]): Promise<string> => {
      const { nextPageToken } = await readSpans(store.findSpans({ orderBy, page: { size: 1 } }));
      assert.ok(nextPageToken !== undefined);
      return nextPageToken;
    };

    suite.it("a token of another query is refused", async (store) => {
      const page = { size: 1, token: await tokenOf(store) };
      const others = [
        ...[{}, { service: "cart" }, { operation: "shop" }, { service: "shop", operation: "op" }],
        ...[
          { service: "shop", startTimeMinUnixNano: 1n },
          { service: "shop", startTimeMaxUnixNano: timeAt(1) },
        ],
        ...[
          { service: "shop", attributes: { k: "v" } },
          { service: "shop", minDurationNano: 1n },
        ],
      ];
      for (const query of others) {
        await assertRefused(() => store.findTraceIds({ ...query, page }), "INVALID_QUERY", tokenField);
        await assertRefused(() => store.findTraces({ ...query, page }), "INVALID_QUERY", tokenField);
      }
      await assertRefused(() => store.findSpans({ page }), "INVALID_QUERY", tokenField);
    });
    suite.it("a token of another order, or of traces, is refused by a span search", async (store) => {
      await store.write(tracesOf(...spans));
      for (const orderBy of orders) {
        const token = await spanTokenOf(store, orderBy);
        for (const other of orders.filter((each) => each !== orderBy)) {
          await assertRefused(
            () => store.findSpans({ orderBy: other, page: { size: 1, token } }),
            "INVALID_QUERY",
            tokenField,
          );
        }
        await assertRefused(
          () => store.findTraceIds({ page: { size: 1, token } }),
          "INVALID_QUERY",
          tokenField,
        );
      }
    });
    suite.it("a token with any character changed is refused", async (store) => {
      const token = await tokenOf(store);
      const changed = Array.from(
        token,
        (char, at) => `${token.slice(0, at)}${char === "A" ? "B" : "A"}${token.slice(at + 1)}`,
      );
      const others = [
        token.slice(1),
        token.slice(0, -1),
        `${token}A`,
        `${token}=`,
        ` ${token}`,
        token + token,
      ];
      for (const each of [...changed, ...others]) {
        const page = { size: 1, token: each };
        await assertRefused(
          () => store.findTraceIds({ service: "shop", page }),
          "INVALID_QUERY",
          tokenField,
          each,
        );
      }
    });
  });
}

/** The keys of spans in an order. Spans that tie have the same key. */
function placesOf(labels: readonly string[], orderBy: readonly SpanOrder[]): string[] {
  const keyed = new Map(
    spans.map((span) => [
      contentsOf(encodeTraces(tracesOf(span)))[0]?.label,
      `${timeAt(span.at ?? 0)} ${traceIdOf(span.trace)} ${span.id} ${orderBy.some(({ field }) => field === "duration") ? span.duration : ""}`,
    ]),
  );
  return labels.map((label) => keyed.get(label) ?? "");
}
