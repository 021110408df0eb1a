import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseRoute, routeTo } from "../src/page/app/route.js";
import {
  hashOfSearch,
  presets,
  rangeOf,
  type SearchState,
  searchOfQuery,
  traceIdIn,
  wholeFilter,
} from "../src/page/search/state.js";

const time = fc.oneof(
  fc.constantFrom(...presets).map((last) => ({ last })),
  fc
    .tuple(fc.integer({ min: 0, max: 4e12 }), fc.integer({ min: 1, max: 1e9 }))
    .map(([from, length]) => ({ from, to: from + length })),
);

const states: fc.Arbitrary<SearchState> = fc.record({
  q: fc.string({ unit: "grapheme" }),
  find: fc.constantFrom("traces", "spans"),
  time,
  order: fc.record({
    field: fc.constantFrom("startTime", "duration"),
    direction: fc.constantFrom("asc", "desc"),
  }),
  columns: fc.array(fc.string({ unit: "grapheme", minLength: 1 })),
});

describe("the URL is the search", () => {
  it("reads back what it wrote", () => {
    fc.assert(
      fc.property(states, (state) => {
        const route = parseRoute(hashOfSearch(state));
        expect(route.view).toBe("search");
        expect(searchOfQuery(route.query)).toEqual(state);
      }),
    );
  });

  it("leaves out what is as by default", () => {
    expect(hashOfSearch(searchOfQuery(new URLSearchParams()))).toBe("#/search");
  });

  it.each(["last=1y", "from=2026-01-02T00:00:00Z", "from=2026-01-02&to=2026-01-01", "from=x&to=y"])(
    "takes the default for a time that is none: %s",
    (text) => {
      expect(searchOfQuery(new URLSearchParams(text)).time).toEqual({ last: "24h" });
    },
  );
});

describe("routes", () => {
  it("reads back names of any kind", () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: "grapheme" }), { minLength: 1 }), (parts) => {
        expect(parseRoute(routeTo("trace", parts))).toMatchObject({ view: "trace", parts });
      }),
    );
  });

  it.each(["", "#", "#/", "#/nothing", "#main"])("shows the search for %j", (hash) => {
    expect(parseRoute(hash).view).toBe("search");
  });

  it("takes a part that cannot be decoded as it is", () => {
    expect(parseRoute("#/trace/%zz").parts).toEqual(["%zz"]);
  });
});

describe("what a line means", () => {
  it.each([
    ["5B8AA5A2D2C872E8321CF37308D69DF2", "5b8aa5a2d2c872e8321cf37308d69df2"],
    [" 051581bf3cb55c13 ", "051581bf3cb55c13"],
    ["00000000000000000000000000000000", undefined],
    ["5b8a", undefined],
    ["{ name = x }", undefined],
  ])("%j is the id %j", (text, id) => {
    expect(traceIdIn(text)).toBe(id);
  });

  it.each([
    ["", ""],
    ["  ", ""],
    ["duration > 1s", "{ duration > 1s }"],
    [" { duration > 1s } ", "{ duration > 1s }"],
  ])("%j is the filter %j", (text, filter) => {
    expect(wholeFilter(text)).toBe(filter);
  });

  it("a preset ends a little after now, for clocks that are ahead", () => {
    const now = 1_780_000_000_000;
    expect(rangeOf({ last: "15m" }, now)).toEqual({ from: now - 900_000, to: now + 60_000 });
    expect(rangeOf({ from: 1, to: 2 }, now)).toEqual({ from: 1, to: 2 });
  });
});
