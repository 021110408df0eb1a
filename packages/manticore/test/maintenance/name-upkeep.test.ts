import { describe, expect, it } from "vitest";
import { windowsToLookInto } from "../../src/maintenance/name-upkeep.js";
import { createWindows, type Window } from "../../src/schema/windows.js";

const { at } = createWindows("day");
const noon = 1_772_625_600_000_000_000n;
const day = 86_400_000_000_000n;
const [today, yesterday, before, oldest] = [0n, 1n, 2n, 3n].map((i) => at(noon - i * day)) as [
  Window,
  Window,
  Window,
  Window,
];

describe("windowsToLookInto", () => {
  it("gives the windows that lost spans", () => {
    const listed = [today, yesterday, before];
    expect(windowsToLookInto([], listed, listed)).toEqual([]);
    expect(windowsToLookInto([yesterday], listed, listed)).toEqual([yesterday]);
  });

  it("gives the windows dropped by hand, and all before them", () => {
    const listed = [today, before, oldest];
    expect(windowsToLookInto([], listed, [yesterday, today])).toEqual([yesterday, before, oldest]);
    expect(windowsToLookInto([before], listed, [yesterday])).toEqual([before, yesterday, oldest]);
  });
});
