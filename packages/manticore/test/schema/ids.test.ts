import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { maxShards } from "../../src/options.js";
import { idIn, nextId, partOfIds } from "../../src/schema/ids.js";
import { createWindows, type Window } from "../../src/schema/windows.js";

const times = fc.oneof(
  fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }),
  fc.bigInt({
    min: BigInt(Date.parse("2026-11-21")) * 1_000_000n,
    max: BigInt(Date.parse("2026-11-23")) * 1_000_000n,
  }),
);
const numbers = fc.bigInt({ min: 0n, max: (1n << 63n) - 1n });
const lengths = fc.constantFrom("hour" as const, "day" as const, "week" as const);
const partBits = BigInt(Math.log2(maxShards));

interface Row {
  readonly time: bigint;
  readonly number: bigint;
  readonly part: number;
}
const rows = fc.record({ time: times, number: numbers, part: fc.nat(maxShards - 1) });

describe("ids of rows", () => {
  it("are positive numbers that rise with windows, shards and times", () => {
    fc.assert(
      fc.property(lengths, rows, rows, (length, a, b) => {
        const windows = createWindows(length);
        const of = ({ time, number, part }: Row): { window: Window; id: bigint; next: bigint } => {
          const window = windows.at(time);
          const ids = partOfIds(window.ids, BigInt(part), partBits);
          const id = idIn(ids, time, number);
          return { window, id, next: nextId(ids, id) };
        };
        const [one, other] = [of(a), of(b)];
        expect(one.id > 0n && one.id < 1n << 63n).toBe(true);
        expect(one.next).not.toBe(one.id);
        if (one.window.name !== other.window.name || a.part !== b.part) {
          // The id ranges of windows and parts are disjoint: no id of one lies between ids of the other.
          const isBefore = one.id < other.id;
          for (const id of [one.id, one.next])
            for (const second of [other.id, other.next]) expect(id < second).toBe(isBefore);
        } else if (b.time - a.time >= 1n << one.window.ids.ignoredTimeBits) {
          expect(one.id < other.id).toBe(true);
        }
      }),
    );
  });
});
