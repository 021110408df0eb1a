import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { isSpanStoreError } from "../../src/errors/errors.js";
import { filterFromJson, filterToJson } from "../../src/query/filter/forms/json-form.js";
import { decodeFilter, encodeFilter } from "../../src/query/filter/forms/wire-form.js";
import type { FilterCall } from "../../src/query/filter/language/ast.js";
import { resolveFilter } from "../../src/query/filter/resolve/resolve.js";

/** Generated filters, their bytes by Go's protobuf code, and the verdict of the Go reference. */
const vectors: { readonly filter: FilterCall; readonly wire: string; readonly accepted: boolean }[] =
  JSON.parse(readFileSync(new URL("../data/filter-verdicts.json", import.meta.url), "utf8"));

/** Refusals of this validator that the reference lacks, on purpose. */
const stricter: readonly [code: string, message: RegExp][] = [
  ["UNSUPPORTED_FILTER", /holds (a duration|an instant), and no attribute does$/],
  ["INVALID_QUERY", /the pattern has inline flags$/],
  ["INVALID_QUERY", /\+(24:00|02:60)" is no RFC 3339 instant$/],
];

function refusalOf(filter: FilterCall): [code: string, message: string] | undefined {
  try {
    resolveFilter(filter);
    return undefined;
  } catch (error) {
    if (!isSpanStoreError(error)) throw error;
    expect(error.field).toMatch(/^filter(\.args\[\d+\])*(\.values\[\d+\])?$/);
    return [error.code, error.message];
  }
}

describe("resolveFilter", () => {
  it("accepts and refuses the same filters as the Go reference", () => {
    expect(vectors.filter(({ accepted }) => accepted).length).toBeGreaterThan(200);
    for (const { filter, accepted } of vectors) {
      const refusal = refusalOf(filter);
      if (accepted && refusal !== undefined) {
        const known = stricter.some(([code, message]) => code === refusal[0] && message.test(refusal[1]));
        expect(known, `${refusal[1]} in ${JSON.stringify(filter)}`).toBe(true);
      } else {
        expect(refusal === undefined, JSON.stringify(filter)).toBe(accepted);
      }
    }
  });
});

describe("the wire form", () => {
  it("is Go's, byte for byte", () => {
    for (const { filter, wire } of vectors) {
      const bytes = new Uint8Array(Buffer.from(wire, "base64"));
      expect(decodeFilter(bytes)).toEqual(filterFromJson(filter));
      expect(Buffer.from(encodeFilter(filter)).toString("base64")).toBe(wire);
      expect(filterToJson(decodeFilter(bytes))).toEqual(filterFromJson(filter));
    }
  });
});
