import { type AnyValue, decodeTraces, openMemoryStore, type Span } from "@spanstore/core";
import { describe, expect, it } from "vitest";
import { batchesOf } from "../src/data/batches.js";
import { largeTrace } from "../src/data/large-trace.js";
import { queryKinds, searchWindow } from "../src/data/questions/queries.js";
import { mix, unmix } from "../src/data/random.js";
import { ageOf, type DataSet, traceIdOf } from "../src/data/trace.js";
import { addCalls, expectedTraceIds, inventoryOf } from "../src/data/truth.js";
import type { AttributeValue } from "../src/wire/attributes.js";
import type { TraceSearch } from "../src/wire/requests.js";
import { countSpans } from "../src/wire/walk.js";

const set: DataSet = { seed: 7, traces: 800, endNano: 1_760_000_000_000_000_000n };

function attributeOf(value: AttributeValue): AnyValue {
  if (typeof value === "string") return { stringValue: value };
  if (typeof value === "boolean") return { boolValue: value };
  return typeof value === "number" ? { intValue: BigInt(value) } : { doubleValue: value.double };
}

function queryOf(search: TraceSearch) {
  const attributes = Object.entries(search.attributes ?? {}).map(
    ([key, value]) => [key, attributeOf(value)] as const,
  );
  return {
    ...(search.service === undefined ? {} : { service: search.service }),
    ...(search.operation === undefined ? {} : { operation: search.operation }),
    ...(search.minDurationNano === undefined ? {} : { minDurationNano: search.minDurationNano }),
    ...(search.maxDurationNano === undefined ? {} : { maxDurationNano: search.maxDurationNano }),
    attributes: Object.fromEntries(attributes),
    startTimeMinUnixNano: search.startMinNano,
    startTimeMaxUnixNano: search.startMaxNano,
    limit: search.limit,
  };
}

function spansIn(bytes: Uint8Array): Span[] {
  return decodeTraces(bytes).resourceSpans.flatMap((group) =>
    group.scopeSpans.flatMap((scope) => scope.spans),
  );
}

describe("the generated data", () => {
  it("is the same for the same seed and another for another", () => {
    const bytes = (seed: number) =>
      Buffer.concat([...batchesOf({ ...set, seed }, 99, 0, 100, "whole")].map((b) => b.bytes));
    expect(bytes(1).equals(bytes(1))).toBe(true);
    expect(bytes(1).equals(bytes(2))).toBe(false);
  });

  it("holds the same spans for any batch size and arrival", () => {
    const ids = (batchSpans: number, arrival: "whole" | "split") =>
      [...batchesOf(set, 299, 0, batchSpans, arrival)]
        .flatMap((batch) => {
          const spans = spansIn(batch.bytes);
          expect(spans).toHaveLength(batch.spans);
          expect(countSpans(batch.bytes)).toBe(batch.spans);
          return spans.map((span) => span.traceId + span.spanId + span.startTimeUnixNano);
        })
        .sort();
    const all = ids(1000, "whole");
    expect(new Set(all).size).toBe(3000);
    expect(ids(100, "whole")).toEqual(all);
    expect(ids(100, "split")).toEqual(all);
  });

  it("has the shape that the report claims", () => {
    const batches = [...batchesOf(set, 799, 0, 1000, "whole")];
    const groups = batches.flatMap((batch) => decodeTraces(batch.bytes).resourceSpans);
    const spans = groups.flatMap((group) => group.scopeSpans.flatMap((scope) => scope.spans));
    const bytes = batches.reduce((sum, batch) => sum + batch.bytes.length, 0);
    expect(spans).toHaveLength(8000);
    expect(spans.every((span) => span.attributes?.length === 10)).toBe(true);
    expect(groups.every((group) => group.resource?.attributes.length === 5)).toBe(true);
    expect(bytes / spans.length).toBeGreaterThan(350);
    expect(bytes / spans.length).toBeLessThan(440);
    expect(spans.every((span) => span.endTimeUnixNano >= span.startTimeUnixNano)).toBe(true);
    const byId = new Map(spans.map((span) => [span.traceId + span.spanId, span]));
    const children = spans.filter((span) => span.parentSpanId !== undefined && span.parentSpanId !== "");
    expect(children).toHaveLength(7200);
    expect(children.every((span) => byId.has(span.traceId + span.parentSpanId))).toBe(true);
  });

  it("gives every trace id back its age", () => {
    for (let age = -50; age < 500; age++) expect(ageOf(set, traceIdOf(set, age))).toBe(age);
    expect(ageOf(set, "0123456789abcdef0123456789abcdef")).toBeUndefined();
    for (let i = 0; i < 1000; i++) expect(unmix(mix(i * 7919))).toBe(i * 7919);
  });

  it("makes large traces whole", () => {
    const trace = largeTrace(set, 2500);
    const batches = [...trace.batches(1000)];
    expect(batches.map((batch) => batch.spans)).toEqual([1000, 1000, 500]);
    const spans = batches.flatMap((batch) => spansIn(batch.bytes));
    expect(new Set(spans.map((span) => span.spanId)).size).toBe(2500);
    expect(spans.every((span) => span.traceId === trace.traceId)).toBe(true);
  });
});

describe("what the generator expects of searches", () => {
  it.each(["day", 5_000_000_000n] as const)("is what the memory engine answers of %s", async (coverage) => {
    await using store = await openMemoryStore();
    for (const batch of batchesOf(set, set.traces - 1, 0, 1000, "whole")) await store.write(batch.bytes);
    const kinds = queryKinds(set, coverage);
    const queries = kinds.flatMap((kind) => kind.queries);
    const expected = expectedTraceIds(set, 0, queries);
    for (const [index, { search }] of queries.entries()) {
      const page = await store.findTraceIds(queryOf(search));
      expect(page.traces.map((trace) => trace.traceId)).toEqual(expected[index]);
    }
    for (const kind of kinds) {
      // A value on one span in 10,000 is not in every few seconds.
      if (coverage !== "day" && kind.name.includes("rare")) continue;
      const answers = expected.filter((_, index) =>
        kind.queries.includes(queries[index] as (typeof queries)[number]),
      );
      expect(
        answers.some((ids) => ids.length > 0),
        kind.name,
      ).toBe(true);
    }

    const inventory = inventoryOf(set, 0);
    expect(await store.getServices()).toEqual(inventory.services);
    const { startMinNano, startMaxNano } = searchWindow(set);
    const calls = new Map<string, number>();
    addCalls(set, 0, set.traces - 1, calls);
    const dependencies = await store.getDependencies({
      startTimeUnixNano: startMinNano,
      endTimeUnixNano: startMaxNano,
    });
    const given = dependencies.map(
      ({ parent, child, callCount }) => [`${parent}>${child}`, Number(callCount)] as const,
    );
    expect(new Map(given)).toEqual(calls);
  });
});
