import { describe, expect, it } from "vitest";
import {
  afterSlice,
  type Batch,
  batchOf,
  groupsOf,
  isOver,
  lastNewestStart,
  lastStartOf,
  sliceStart,
  windowsOf,
} from "../../src/read/batch.js";
import { createNewestSeen } from "../../src/read/newest-seen.js";
import { createSlicing, sliceMicros } from "../../src/read/slicing.js";
import { createWindows } from "../../src/schema/windows.js";

const day = 86_400_000_000_000n;
const midnight = 1_772_582_400_000_000_000n;
const minuteMicros = 60_000_000n;
const { at } = createWindows("day");
/** Some days, newest first. */
const days = (count: number) => Array.from({ length: count }, (_, i) => at(midnight - BigInt(i) * day));
const search = (startTimeMinUnixNano: bigint, startTimeMaxUnixNano: bigint) => ({
  startTimeMinUnixNano,
  startTimeMaxUnixNano,
  predicate: { op: "and" as const, args: [] },
  limit: 20,
});
const names = (windows: readonly { readonly name: string }[]) => windows.map(({ name }) => name);

describe("windows of a search", () => {
  const [today, yesterday] = days(2) as [ReturnType<typeof at>, ReturnType<typeof at>];

  it("are those of its range, and of the minute after it", () => {
    const of = (from: bigint, to: bigint) => names(windowsOf(search(from, to), [today, yesterday]));
    expect(of(midnight, midnight + 1n)).toEqual(["20260304"]);
    expect(of(midnight - 1n, midnight + 1n)).toEqual(["20260304", "20260303"]);
    expect(of(midnight - day, midnight - 60_002_000_000n)).toEqual(["20260303"]);
    expect(of(midnight - day, midnight - 60_001_000_000n)).toEqual(["20260304", "20260303"]);
    expect(of(0n, midnight - 2n * day)).toEqual([]);
  });

  it("are searched once each, in groups that double up to 64", () => {
    const groups = [...groupsOf(days(200))];
    expect(groups.map(({ windows }) => windows.length)).toEqual([2, 4, 8, 16, 32, 64, 64, 10]);
    expect(groups.flatMap(({ windows }) => names(windows))).toEqual(names(days(200)));
    expect(groups.map(({ left }) => left.length)).toEqual([198, 194, 186, 170, 138, 74, 10, 0]);
    expect([...groupsOf([])]).toEqual([]);
  });

  it("end at their last microsecond", () => {
    expect(lastStartOf([today, yesterday])).toBe((midnight + day) / 1000n - 1n);
    expect(lastStartOf([])).toBe(0n);
  });
});

describe("a batch", () => {
  const [today, yesterday] = days(2) as [ReturnType<typeof at>, ReturnType<typeof at>];
  const micros = midnight / 1000n;
  const noon = micros + 720n * minuteMicros;

  it("is the range of the search and a minute after it, within the windows", () => {
    const inside = batchOf([today], search(midnight + 1_000n, midnight + 2_000n));
    expect(inside).toMatchObject({ from: micros + 1n, latest: micros + 2n, to: micros + 60_001_002n });
    expect(lastNewestStart(search(0n, midnight + 2_000n)) / 1000n).toBe(inside.to);
    const all = batchOf([today, yesterday], search(0n, midnight + 5n * day));
    expect(all).toMatchObject({ from: micros - day / 1000n, to: micros + day / 1000n - 1n });
  });

  const batch = (more: Partial<Batch> = {}): Batch => ({
    ...batchOf([today], search(midnight, noon * 1000n)),
    ...more,
  });

  it("is searched as a whole without a slice length", () => {
    expect(sliceStart(batch(), undefined)).toBe(micros);
    expect(isOver(afterSlice(batch(), micros, undefined))).toBe(true);
  });

  it("is searched in slices from the end of the search, or from the newest start seen", () => {
    const sliced = batch({ slice: minuteMicros });
    expect(sliceStart(sliced, undefined)).toBe(noon - minuteMicros);
    expect(sliceStart(sliced, noon + 1n)).toBe(noon - minuteMicros);
    expect(sliceStart(sliced, noon - 5n)).toBe(noon - 5n - minuteMicros);
    expect(sliceStart({ ...sliced, slice: 721n * minuteMicros }, undefined)).toBe(micros);
  });

  it("goes on after the last row of a slice, and with a longer slice after a finished one", () => {
    let left = batch({ slice: minuteMicros });
    const from = sliceStart(left, undefined);
    const last = { start: noon - 7n, id: 3n };
    left = afterSlice(left, from, last);
    expect(left).toMatchObject({ cursor: last, to: noon - 7n, slice: minuteMicros });
    expect(isOver(left)).toBe(false);
    left = afterSlice(left, from, undefined);
    expect(left).toMatchObject({ cursor: undefined, to: from - 1n, slice: 4n * minuteMicros });
    expect(sliceStart(left, undefined)).toBe(from - 1n - 4n * minuteMicros);
  });

  it("leaves no start out between slices", () => {
    let left = batch({ slice: 1_000_000n });
    let expected = left.to;
    while (!isOver(left)) {
      expect(left.to).toBe(expected);
      const from = sliceStart(left, noon - 90n * minuteMicros);
      expect(from).toBeLessThanOrEqual(left.to);
      left = afterSlice(left, from, undefined);
      expected = from - 1n;
    }
    expect(expected).toBe(micros - 1n);
  });
});

describe("the newest start seen", () => {
  it("is kept per window, and never decreases", () => {
    const windows = days(2);
    const [today, yesterday] = windows as [(typeof windows)[0], (typeof windows)[0]];
    const seen = createNewestSeen();
    expect(seen.in(today)).toBeUndefined();
    seen.note(windows, midnight / 1000n + 5n);
    seen.note(windows, midnight / 1000n + 3n);
    seen.note(windows, midnight / 1000n - 1n);
    seen.note(windows, 0n);
    expect(seen.in(today)).toBe(midnight / 1000n + 5n);
    expect(seen.in(yesterday)).toBe(midnight / 1000n - 1n);
  });
});

describe("the length of a slice", () => {
  const windows = days(3);
  const node = { term: 1 };

  it("has four times the wanted fragments, is at least a second and at most the window", () => {
    const [today] = windows as [(typeof windows)[0]];
    expect(sliceMicros(today, 86_400, 25)).toBe(100_000_000n);
    expect(sliceMicros(today, 86_400_000, 1)).toBe(1_000_000n);
    expect(sliceMicros(today, 10, 100)).toBe(day / 1000n);
  });

  const slicing = (counts: Readonly<Record<string, number>>) => {
    const countOf = (table: string) => counts[table];
    return createSlicing({
      naming: { fragmentTable: ({ name }) => name },
      frequencies: {
        estimate: async (table) => {
          const count = countOf(table);
          if (count === undefined) throw new Error(`unknown local table(s) '${table}' in search request`);
          return count;
        },
        lastEstimate: countOf,
      },
      tuning: { fewFragments: 100 },
    });
  };

  it("depends on the first window with many fragments; without one, the batch is searched whole", async () => {
    const { firstSlice, isFrequent } = slicing({ "20260303": 86_400, "20260302": 5 });
    // The newest window was dropped meanwhile.
    expect(await firstSlice(windows, node, 25, undefined)).toBe(100_000_000n);
    expect(isFrequent(windows, node)).toBe(true);
    const few = slicing({ "20260304": 100, "20260303": 100, "20260302": 5 });
    expect(await few.firstSlice(windows, node, 25, undefined)).toBeUndefined();
    expect(few.isFrequent(windows, node)).toBe(false);
    expect(few.isFrequent([], node)).toBe(false);
  });

  it("depends on the newest window alone without a condition", async () => {
    const { firstSlice } = slicing({ "20260304": 5, "20260303": 86_400, "20260302": 5 });
    expect(await firstSlice(windows, undefined, 25, undefined)).toBeUndefined();
  });
});
