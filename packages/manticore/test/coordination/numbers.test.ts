import { describe, expect, it } from "vitest";
import { generationId, type Server } from "../../src/coordination/control-table.js";
import { createNumberRange, rangeNumbers } from "../../src/coordination/number-range.js";
import {
  createServerIds,
  generationOf,
  highestWalk,
  othersOf,
  writersUpTo,
} from "../../src/coordination/server-rows.js";

describe("a range of numbers", () => {
  const facts = { first: 1_000, generation: 7, restarts: 2, asked: 100, allowed: 110 };

  it("gives each number once, in order, until it is used up", () => {
    const range = createNumberRange(facts);
    const taken = Array.from({ length: rangeNumbers }, () => range.take(110, 2));
    expect(taken).toEqual(Array.from({ length: rangeNumbers }, (_, i) => 1_000 + i));
    expect(range.take(110, 2)).toBeUndefined();
  });

  it("knows the lowest number left", () => {
    const range = createNumberRange(facts);
    expect(range.lowest()).toBe(1_000);
    range.take(110, 2);
    expect(range.lowest()).toBe(1_001);
  });

  it("gives none once it has expired or searchd has restarted", () => {
    const range = createNumberRange(facts);
    expect(range.take(159, 2)).toBe(1_000);
    expect(range.take(160, 2)).toBeUndefined();
    expect(range.take(111, 3)).toBeUndefined();
    expect(range.lowest()).toBe(1_001);
  });

  it("has a generation for two seconds after the request for it", () => {
    const range = createNumberRange(facts);
    expect(range.generation(2_099)).toBe(7);
    expect(range.generation(2_100)).toBeUndefined();
  });
});

describe("rows of servers", () => {
  const own = createServerIds();
  const other = createServerIds();
  const row = (id: number, busy: number, last: number): Server => ({ id, busy, last, seen: 0 });
  const rows = [
    row(generationId, 0, 55),
    row(own.writes, 10, 20),
    row(own.walks, 0, 90),
    row(other.writes, 30, 40),
    row(other.walks, 0, 35),
  ];

  it("are the server's own, the generation, or other servers'", () => {
    expect(othersOf(rows, own).map(({ id }) => id)).toEqual([other.writes, other.walks]);
    expect(generationOf(rows)).toBe(55);
    expect(generationOf([])).toBe(0);
    expect(own.writes).not.toBe(other.writes);
  });

  it("have the highest number of a walk, apart from the numbers of writes", () => {
    expect(highestWalk(othersOf(rows, own))).toBe(35);
    expect(highestWalk([row(other.writes, 0, 99)])).toBe(0);
  });

  it("show which writers a walk waits for", () => {
    const others = othersOf(rows, own);
    expect(writersUpTo(others, 29)).toEqual([]);
    expect(writersUpTo(others, 30).map(({ id }) => id)).toEqual([other.writes]);
  });
});
