import assert from "node:assert/strict";
import { resource, span } from "../../query/filter/forms/builder.js";
import type { SpanStore } from "../../store/contract/span-store.js";
import { createSpanWatch } from "../../watch/span-watch.js";
import type { Suite } from "../harness.js";
import { type TestSpan, traceIdOf, tracesOf } from "../spans.js";

const filters = [
  resource.service.eq("shop"),
  span.name.eq("pay"),
  span.name.ne("pay"),
  span.name.eq("of no span"),
] as const;

/** One span a trace, so that each is its own fragment. */
const spans: readonly TestSpan[] = Array.from({ length: 300 }, (_, i) => ({
  trace: 1 + i,
  id: 1,
  service: i % 3 === 0 ? "shop" : "cart",
  name: i % 2 === 0 ? "pay" : "add",
  at: i,
}));

const expected = spans.flatMap(({ trace, service, name }) => {
  const matching = [service === "shop", name === "pay", name !== "pay"];
  return matching.flatMap((matches, filter) => (matches ? [`${filter} ${traceIdOf(trace)}`] : []));
});

/** The matches in the fragments that a write returned. */
async function matchesOf(store: SpanStore, written: readonly TestSpan[]): Promise<string[]> {
  const watch = createSpanWatch(filters);
  const { watched = [] } = await store.write(tracesOf(...written), { watched: watch.terms });
  const found: string[] = [];
  for (const fragment of watched) {
    watch.match(fragment, (filter, { traceId }) => found.push(`${filter} ${traceId}`));
  }
  return found;
}

export function describeWatching(suite: Suite): void {
  suite.it("a write returns the matches of the filters, for large and small requests", async (store) => {
    assert.deepEqual((await matchesOf(store, spans)).sort(), [...expected].sort());
    const few = spans.slice(0, 6);
    assert.deepEqual(
      (await matchesOf(store, few)).sort(),
      expected.filter((each) => few.some(({ trace }) => each.endsWith(traceIdOf(trace)))).sort(),
    );
  });
  suite.it("concurrent writes return each their own matches", async (store) => {
    const parts = [spans.slice(0, 100), spans.slice(100, 101), spans.slice(101)];
    const found = await Promise.all(parts.map((part) => matchesOf(store, part)));
    assert.deepEqual(
      found.map((each) => each.sort()),
      parts.map((part) =>
        expected.filter((each) => part.some(({ trace }) => each.endsWith(traceIdOf(trace)))).sort(),
      ),
    );
  });
  suite.it("a write without a watch returns no matches", async (store) => {
    assert.equal((await store.write(tracesOf(...spans.slice(0, 2)))).watched, undefined);
  });
}
