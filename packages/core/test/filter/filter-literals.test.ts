import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import {
  parseBool,
  parseDouble,
  parseDuration,
  parseInstant,
  parseInt64,
} from "../../src/query/filter/language/literals.js";

/** How Go's strconv and time packages read a text; absent where they failed. */
interface Reading {
  readonly int?: string | undefined;
  /** The bits in hex, or NaN. */
  readonly double?: string | undefined;
  readonly bool?: boolean | undefined;
  readonly duration?: string | undefined;
  readonly instant?: string | undefined;
}

const vectors: (Reading & { readonly text: string })[] = JSON.parse(
  readFileSync(new URL("../data/filter-literals.json", import.meta.url), "utf8"),
);

function bitsOf(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  return view.getBigUint64(0).toString(16).padStart(16, "0");
}

function read(text: string): Reading {
  const double = parseDouble(text);
  return {
    int: parseInt64(text)?.toString(),
    double: double === undefined ? undefined : bitsOf(double),
    bool: parseBool(text),
    duration: parseDuration(text)?.toString(),
    instant: parseInstant(text)?.toString(),
  };
}

describe("constants of a filter", () => {
  it("are read as Go reads them", () => {
    expect(vectors.length).toBeGreaterThan(1300);
    const ours = vectors.map(({ text }) => ({ text, ...read(text) }));
    expect(ours).toEqual(vectors);
  });

  it("follow RFC 3339 where Go is more lenient", () => {
    for (const text of [
      "2026-08-16T18:56:20+24:00",
      "2026-08-16T18:56:20+02:60",
      "2026-08-16T8:56:20Z",
      "2026-08-16T18:56:20,5Z",
    ]) {
      expect(parseInstant(text), text).toBeUndefined();
    }
  });
});
