import { describe, expect, it } from "vitest";
import { settings } from "../src/page/app/settings.js";
import { assignColours, colourCount } from "../src/page/kit/colours.js";
import { formatDuration } from "../src/page/time/format.js";
import { timesOf } from "../src/page/time/ticks.js";
import { en, type Words } from "../src/page/words/en.js";
import { zh } from "../src/page/words/zh.js";

describe("durations", () => {
  it.each([
    [0, "0"],
    [999, "999 ns"],
    [1_000, "1 µs"],
    [12_345, "12.3 µs"],
    [1_870_000_000, "1.87 s"],
    [742_000_000, "742 ms"],
    [59_999_000_000, "60 s"],
    [125_000_000_000, "2 m 5 s"],
    [3_599_999_000_000, "1 h"],
    [90_000_000_000_000, "1 d 1 h"],
    [-5_000_000, "-5 ms"],
  ])("%d ns are %s", (nanos, text) => {
    expect(formatDuration(nanos)).toBe(text);
  });
});

describe("labels of an axis of time", () => {
  const ticks = (step: number, ...times: readonly string[]) =>
    timesOf(
      times.map((time) => Date.parse(`${time}Z`)),
      step,
    );

  it("have 24 hours, a precision that fits their steps, and the date where it is new", () => {
    settings.zone.value = "utc";
    expect(ticks(300_000, "2026-12-01T18:55", "2026-12-01T19:00")).toEqual(["18:55\n2026-12-01", "19:00"]);
    expect(ticks(30_000, "2026-12-01T23:59:30", "2026-12-02T00:00:00")).toEqual([
      "23:59:30\n2026-12-01",
      "00:00:00\n2026-12-02",
    ]);
    expect(ticks(5, "2026-12-01T18:55:00.005")).toEqual(["18:55:00.005\n2026-12-01"]);
    expect(ticks(86_400_000, "2026-12-01", "2026-12-02")).toEqual(["2026-12-01", "2026-12-02"]);
  });
});

describe("colours of services", () => {
  const names = Array.from({ length: colourCount }, (_, i) => `service-${String(i).padStart(2, "0")}`);

  it("are different as long as there are enough", () => {
    expect(new Set(assignColours(names).values()).size).toBe(colourCount);
  });

  it("begin again after that", () => {
    const all = assignColours([...names, "x", "y"]);
    expect(all.size).toBe(colourCount + 2);
    expect(Math.max(...all.values())).toBeLessThan(colourCount);
  });
});

describe("the words", () => {
  it("take the same values in both languages", () => {
    const valuesIn = (words: Words): Record<string, string[] | undefined> =>
      Object.fromEntries(
        Object.entries(words).map(([key, text]) => [
          key,
          text === "" ? undefined : [...text.matchAll(/\{\w+\}/g)].map(String).sort(),
        ]),
      );
    expect(valuesIn(zh)).toEqual(valuesIn(en));
  });
});
