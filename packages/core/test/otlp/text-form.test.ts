import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { textForm } from "../../src/model/text-form.js";
import { compareCodePoints } from "../../src/model/text-order.js";
import { decodeKeyValue } from "../../src/otlp/values.js";
import { Cursor } from "../../src/otlp/wire.js";

/** Encoded KeyValues, with the texts of their values from Go's pdata 1.61. */
const vectors: [string, string][] = JSON.parse(
  readFileSync(new URL("../data/text-form.json", import.meta.url), "utf8"),
);

describe("textForm", () => {
  it("writes the same text as Go's pdata", () => {
    expect(vectors.length).toBeGreaterThan(500);
    const texts = vectors.map(([encoded]) => {
      const { value } = decodeKeyValue(new Cursor(Buffer.from(encoded, "base64")));
      return textForm(value);
    });
    expect(texts).toEqual(vectors.map(([, text]) => text));
  });

  it("takes the last of equal keys in a map", () => {
    const values = [
      { key: "b", value: { intValue: 1n } },
      { key: "a", value: {} },
      { key: "b", value: { intValue: 2n } },
    ];
    expect(textForm({ kvlistValue: { values } })).toBe('{"a":null,"b":2}');
  });
});

describe("compareCodePoints", () => {
  it("orders as UTF-8 bytes do", () => {
    const texts = [
      "",
      "a",
      "ab",
      "b",
      "Z",
      "é",
      "\ud7ff",
      "\ue000",
      "\uffff",
      "\u{10000}",
      "\u{10000}a",
      "\u{10ffff}",
    ];
    for (const a of texts) {
      for (const b of texts) {
        expect(Math.sign(compareCodePoints(a, b)), `${a} ${b}`).toBe(
          Buffer.compare(Buffer.from(a), Buffer.from(b)),
        );
      }
    }
  });
});
