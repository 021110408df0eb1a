import fc from "fast-check";
import { expect, it } from "vitest";
import { createSeenSet } from "../../src/engine.js";

const key = fc.constantFrom("a", "b", "c", "d", "e");
/** Overlapping writes: each begins, then becomes durable or fails, with deletions in between. */
const step = fc.oneof(
  fc.record({ do: fc.constant("begin" as const), keys: fc.uniqueArray(key, { minLength: 1, maxLength: 3 }) }),
  fc.record({ do: fc.constant("end" as const), write: fc.nat(), isDurable: fc.boolean() }),
  fc.record({ do: fc.constant("delete" as const) }),
  fc.record({ do: fc.constant("forget" as const), gone: key }),
);

it("knows only durable values, none that a deletion may have removed, and no more than its limit", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), fc.integer({ min: 1, max: 6 }), (steps, maxKeys) => {
      const seen = createSeenSet<number>(maxKeys);
      /** The number of the last durable write of each key. */
      const durable = new Map<string, number>();
      let generation = 1;
      let lastWrite = 0;
      const open: { readonly id: number; readonly generation: number; readonly keys: string[] }[] = [];
      const check = (): void => {
        const known = ["a", "b", "c", "d", "e"].filter((each) => seen.get(each, generation) !== undefined);
        expect(known.length).toBeLessThanOrEqual(maxKeys);
        for (const each of known) expect(seen.get(each, generation)).toBe(durable.get(each));
      };
      for (const each of steps) {
        if (each.do === "begin") {
          for (const name of each.keys) seen.get(name, generation);
          open.push({ id: ++lastWrite, generation, keys: each.keys });
        } else if (each.do === "end" && open.length > 0) {
          const [write] = open.splice(each.write % open.length, 1);
          if (write === undefined || !each.isDurable) continue;
          if (write.generation === generation) for (const name of write.keys) durable.set(name, write.id);
          seen.confirm(
            write.keys.map((name) => [name, write.id] as const),
            write.generation,
          );
        } else if (each.do === "delete") {
          generation++;
          durable.clear();
          // Every write looks up before it confirms.
          seen.get("a", generation);
        } else if (each.do === "forget") {
          seen.forget((_, name) => name === each.gone);
          expect(seen.get(each.gone, generation)).toBeUndefined();
        }
        check();
      }
    }),
  );
});

it("keeps a value that says more than one confirmed later", () => {
  const seen = createSeenSet<number>(10, (known, value) => known >= value);
  for (const value of [2, 1]) {
    seen.get("a", 1);
    seen.confirm([["a", value]], 1);
    expect(seen.get("a", 1)).toBe(2);
  }
  seen.confirm([["a", 3]], 1);
  expect(seen.get("a", 1)).toBe(3);
});

it("knows confirmed values until they are forgotten or evicted", () => {
  const seen = createSeenSet<string>(2);
  expect(seen.get("a", 1)).toBeUndefined();
  seen.confirm([["a", "first"]], 1);
  seen.confirm([["b", "second"]], 1);
  expect([seen.get("a", 1), seen.get("b", 1)]).toEqual(["first", "second"]);
  seen.confirm([["a", "again"]], 1);
  expect([seen.get("a", 1), seen.get("b", 1)]).toEqual(["again", "second"]);
  expect(seen.forget((value) => value === "second")).toEqual(["second"]);
  expect([seen.get("a", 1), seen.get("b", 1)]).toEqual(["again", undefined]);
  seen.confirm([["b", "third"]], 1);
  seen.confirm([["c", "fourth"]], 1);
  expect([seen.get("a", 1), seen.get("b", 1), seen.get("c", 1)]).toEqual([undefined, undefined, "fourth"]);
  expect(seen.get("c", 2)).toBeUndefined();
});
