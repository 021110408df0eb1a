import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createCalendar } from "../../src/engine.js";

const nanosPerMilli = 1_000_000n;
/** Times up to the year 9999, after which names would be longer. */
const anyTime = fc.bigInt({ min: 0n, max: BigInt(Date.parse("9999-12-27T00:00:00Z")) * nanosPerMilli - 1n });

describe.each([
  ["hour", "2026030417", "2026-03-04T17:00:00Z", "2026-03-04T18:00:00Z"],
  ["day", "20260304", "2026-03-04T00:00:00Z", "2026-03-05T00:00:00Z"],
  ["week", "20260302", "2026-03-02T00:00:00Z", "2026-03-09T00:00:00Z"],
] as const)("A calendar of a %s", (length, name, start, end) => {
  const calendar = createCalendar(length);

  it("has one window for every time, and finds it by its name", () => {
    fc.assert(
      fc.property(anyTime, (time) => {
        const window = calendar.at(time);
        expect(window.startUnixNano <= time && time < window.endUnixNano).toBe(true);
        expect(calendar.at(window.endUnixNano).startUnixNano).toBe(window.endUnixNano);
        if (window.startUnixNano > 0n) {
          expect(calendar.at(window.startUnixNano - 1n).endUnixNano).toBe(window.startUnixNano);
        }
        expect(calendar.named(window.name)).toEqual(window);
      }),
    );
  });

  it("begins where people expect", () => {
    const nanos = (text: string): bigint => BigInt(Date.parse(text)) * nanosPerMilli;
    const window = { name, startUnixNano: nanos(start), endUnixNano: nanos(end) };
    expect(calendar.at(nanos("2026-03-04T17:20:00Z"))).toEqual(window);
  });

  it("knows no other names", () => {
    for (const other of ["", "2026", "20260303x", "20261332", "2026030425", "20260305".slice(0, 7)])
      expect(calendar.named(other)).toBeUndefined();
  });
});
