import fc from "fast-check";
import { expect, it } from "vitest";
import { createCallBuckets } from "../../src/engine-kit/ledgers/call-buckets.js";
import type { Dependency } from "../../src/index.js";
import { maxLatencyIndex, minLatencyIndex } from "../../src/model/latency.js";
import { maxUnixNano } from "../../src/query/search-of-query.js";
import { createCallCounter, type ServiceCall } from "../../src/store/reading/dependencies.js";

const call: fc.Arbitrary<ServiceCall> = fc.record({
  parent: fc.constantFrom("a", "b"),
  child: fc.constantFrom("a", "b"),
  startTimeUnixNano: fc.integer({ min: 0, max: 12 }).map((quarter) => BigInt(quarter) * 15_000_000_000n),
  latencyIndex: fc.option(fc.constantFrom(minLatencyIndex, 0, 700, maxLatencyIndex), { nil: undefined }),
  isError: fc.boolean(),
});
const step = fc.oneof(
  { weight: 3, arbitrary: call.map((added) => ({ added })) },
  { weight: 2, arbitrary: fc.nat().map((removed) => ({ removed })) },
  { weight: 1, arbitrary: fc.tuple(call, call).map(([from, to]) => ({ from, to })) },
);

const sorted = (dependencies: readonly Dependency[]): readonly Dependency[] =>
  dependencies.toSorted((a, b) => (`${a.parent}>${a.child}` < `${b.parent}>${b.child}` ? -1 : 1));

it("counts calls that were added and not removed", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const buckets = createCallBuckets();
      const calls: ServiceCall[] = [];
      for (const each of steps) {
        if ("added" in each) {
          buckets.add(each.added);
          calls.push(each.added);
        } else if ("removed" in each) {
          const [removed] = calls.length === 0 ? [] : calls.splice(each.removed % calls.length, 1);
          if (removed !== undefined) buckets.remove(removed);
        } else {
          const [startTimeUnixNano, endTimeUnixNano] = [each.from, each.to].map((at) => at.startTimeUnixNano);
          if (startTimeUnixNano === undefined || endTimeUnixNano === undefined) continue;
          const counter = createCallCounter();
          for (const counted of calls) {
            const { startTimeUnixNano: at } = counted;
            if (at >= startTimeUnixNano && at <= endTimeUnixNano) counter.add(counted);
          }
          const found = buckets.countWithin({ startTimeUnixNano, endTimeUnixNano });
          expect(sorted(found)).toEqual(sorted(counter.dependencies()));
        }
      }
      const kept = buckets.countWithin({ startTimeUnixNano: 0n, endTimeUnixNano: maxUnixNano });
      expect(kept.reduce((sum, { callCount }) => sum + callCount, 0n)).toBe(BigInt(calls.length));
    }),
  );
});

it("removes every call of a busy minute, last one first", () => {
  const buckets = createCallBuckets();
  const calls = Array.from({ length: 500_000 }, (_, i) => ({
    parent: "a",
    child: "b",
    startTimeUnixNano: BigInt(i),
    latencyIndex: i % 7,
    isError: false,
  }));
  for (const each of calls) buckets.add(each);
  const full = buckets.bytes();
  for (const each of calls.reverse()) buckets.remove(each);
  expect(buckets.countWithin({ startTimeUnixNano: 0n, endTimeUnixNano: maxUnixNano })).toEqual([]);
  expect(full).toBeGreaterThan(calls.length * 8);
  expect(buckets.bytes()).toBeLessThan(1000);
});
