import type { FilterCall } from "../../query/filter/language/ast.js";
import type { SpanOrder, TraceQuery } from "../../query/trace-query.js";
import type { SpanStore } from "../../store/contract/span-store.js";
import type { Suite } from "../harness.js";
import { assertRefused } from "../refusals.js";

const filter: FilterCall = { op: "exists", args: [{ field: { name: "name", level: "span" } }] };

/** Invalid queries, with the field at fault. */
const queries: readonly (readonly [string, TraceQuery, string])[] = [
  ["a limit that is no number", { limit: Number.NaN }, "limit"],
  ["a page of 0", { page: { size: 0 } }, "page.size"],
  ["a page of less", { page: { size: -1 } }, "page.size"],
  ["half a page", { page: { size: 1.5 } }, "page.size"],
  ["a page of no number", { page: { size: Number.NaN } }, "page.size"],
  ["a page beside a limit", { page: { size: 1 }, limit: 1 }, "page"],
  ["an invalid token", { page: { size: 1, token: "nonsense" } }, "page.token"],
  ["a reversed range", { startTimeMinUnixNano: 2n, startTimeMaxUnixNano: 1n }, "startTimeMin"],
  ["a negative duration", { minDurationNano: -1n }, "minDuration"],
  ["a negative longest duration", { maxDurationNano: -1n }, "maxDuration"],
  ["reversed durations", { minDurationNano: 2n, maxDurationNano: 1n }, "minDuration"],
  ["a filter beside a service", { filter, service: "shop" }, "service"],
  ["a filter beside an operation", { filter, operation: "op" }, "operation"],
  ["a filter beside attributes", { filter, attributes: { k: "v" } }, "attributes"],
  ["a filter beside a duration", { filter, minDurationNano: 1n }, "minDurationNano"],
  ["an unknown operator", { filter: { op: "like", args: [] } }, "filter"],
  ["an operator that lacks an argument", { filter: { op: "not", args: [] } }, "filter"],
];

const regex = (pattern: string): FilterCall => ({
  op: "regex",
  args: [{ attr: { key: "k" } }, { scalar: { value: pattern } }],
});
/** Malformed filters. */
const filters: Readonly<Record<string, FilterCall>> = {
  "a field that does not exist": { op: "exists", args: [{ field: { name: "age", level: "span" } }] },
  "a level that does not exist": { op: "exists", args: [{ attr: { key: "k", level: "process" } }] },
  "an attribute without a key": { op: "exists", args: [{ attr: { key: "" } }] },
  "an int that is none": {
    op: "eq",
    args: [{ attr: { key: "k" } }, { scalar: { value: "2.5", type: "int" } }],
  },
  "a list without a type": { op: "in", args: [{ attr: { key: "k" } }, { list: { values: ["a"] } }] },
  "an empty list": { op: "in", args: [{ attr: { key: "k" } }, { list: { values: [], type: "string" } }] },
  "an order among kinds": {
    op: "gt",
    args: [{ field: { name: "kind", level: "span" } }, { scalar: { value: "server" } }],
  },
  "a pattern that is anchored": regex("^a"),
  "a pattern that RE2 does not parse": regex("(a"),
  "a pattern with a lazy quantifier": regex("a+?"),
  "some within some": {
    op: "some",
    args: [
      { nested: { level: "event" } },
      { call: { op: "some", args: [{ nested: { level: "event" } }, { call: filter }] } },
    ],
  },
  "a phrase of two words in one": {
    op: "phrase",
    args: [{ attr: { key: "k" } }, { list: { values: ["two words"] } }],
  },
};

const orders: readonly (readonly [string, readonly SpanOrder[], string])[] = [
  ["a field twice", [{ field: "duration" }, { field: "duration", direction: "desc" }], "orderBy[1]"],
  ["an unknown field", [{ field: "name" } as unknown as SpanOrder], "orderBy[0]"],
];

export function describeRefusing(suite: Suite): void {
  const fieldOf = (field: string): string | undefined => (suite.has("errorFields") ? field : undefined);
  const searches = (store: SpanStore, query: TraceQuery) => [
    () => store.findTraceIds(query),
    () => store.findTraces(query),
    () => store.findTraceSummaries(query),
  ];

  suite.it("every trace search refuses an invalid query, and names the field", async (store) => {
    for (const [what, query, field] of queries) {
      for (const search of searches(store, query)) {
        await assertRefused(search, "INVALID_QUERY", fieldOf(field), what);
      }
    }
  });

  suite.it("every search refuses a malformed filter", async (store) => {
    for (const [what, wrong] of Object.entries(filters)) {
      for (const search of searches(store, { filter: wrong })) {
        await assertRefused(search, "INVALID_QUERY", undefined, what);
      }
      await assertRefused(() => store.findSpans({ filter: wrong }), "INVALID_QUERY", undefined, what);
    }
  });

  suite.it("a span search refuses an invalid query, and names the field", async (store) => {
    for (const [what, orderBy, field] of orders) {
      await assertRefused(() => store.findSpans({ orderBy }), "INVALID_QUERY", fieldOf(field), what);
    }
    for (const size of [0, -1, 0.5]) {
      await assertRefused(() => store.findSpans({ page: { size } }), "INVALID_QUERY", fieldOf("page.size"));
    }
    const turned = { startTimeMinUnixNano: 2n, startTimeMaxUnixNano: 1n };
    await assertRefused(() => store.findSpans(turned), "INVALID_QUERY");
    await assertRefused(
      () => store.getDependencies({ startTimeUnixNano: 2n, endTimeUnixNano: 1n }),
      "INVALID_QUERY",
    );
  });

  suite.it("an invalid id is refused, and named", async (store) => {
    for (const id of ["", "0", "g".repeat(32), "0".repeat(31), "0".repeat(33), " ".repeat(16)]) {
      const ids = ["1".repeat(32), id];
      await assertRefused(
        () => store.getTraces(ids),
        "INVALID_QUERY",
        fieldOf("traceIds[1]"),
        JSON.stringify(id),
      );
    }
  });

  suite.it("a filter that is nested too deeply is refused", async (store) => {
    let deep = filter;
    for (let i = 0; i < 5_000; i++) deep = { op: "not", args: [{ call: deep }] };
    await assertRefused(() => store.findTraceIds({ filter: deep }), "INVALID_QUERY");
  });
}
