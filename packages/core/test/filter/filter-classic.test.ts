import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { AnyValue } from "../../src/model/any-value.js";
import { spansOf } from "../../src/otlp/groups.js";
import { decodeKeyValue } from "../../src/otlp/values.js";
import { Cursor } from "../../src/otlp/wire.js";
import { classicPredicate } from "../../src/query/classic.js";
import { compilePredicate } from "../../src/query/filter/match/matcher.js";
import type { TraceQuery } from "../../src/query/trace-query.js";

/** A span, a query (its attributes as encoded KeyValues), and the answer of Jaeger's memory store. */
interface Vector {
  readonly traces: string;
  readonly service?: string;
  readonly operation?: string;
  readonly minDurationNano?: string;
  readonly maxDurationNano?: string;
  readonly attributes: readonly (readonly [key: string, encoded: string])[];
  readonly matches: boolean;
}

const vectors: Vector[] = JSON.parse(
  readFileSync(new URL("../data/filter-classic.json", import.meta.url), "utf8"),
);

function queryOf(vector: Vector): TraceQuery {
  const attributes: Record<string, AnyValue> = {};
  for (const [key, encoded] of vector.attributes) {
    attributes[key] = decodeKeyValue(new Cursor(Buffer.from(encoded, "base64"))).value;
  }
  return {
    attributes,
    ...(vector.service === undefined ? {} : { service: vector.service }),
    ...(vector.operation === undefined ? {} : { operation: vector.operation }),
    ...(vector.minDurationNano === undefined ? {} : { minDurationNano: BigInt(vector.minDurationNano) }),
    ...(vector.maxDurationNano === undefined ? {} : { maxDurationNano: BigInt(vector.maxDurationNano) }),
  };
}

describe("the classic search", () => {
  it("finds what Jaeger's memory store finds", () => {
    expect(vectors.filter(({ matches }) => matches).length).toBeGreaterThan(100);
    for (const vector of vectors) {
      const [span] = [...spansOf(Buffer.from(vector.traces, "base64"))];
      if (span === undefined) throw new Error("no span");
      const matches = compilePredicate(classicPredicate(queryOf(vector)))(span);
      expect(matches, JSON.stringify(vector)).toBe(vector.matches);
    }
  });

  const any = (key: string, text: string, levels = ["span", "resource", "scope", "event", "link"]) => ({
    op: "eq",
    ref: { ref: "attribute", key, levels },
    value: { type: "any", text },
  });

  it("takes JavaScript values by their text", () => {
    const attributes = { a: 200, b: 1.5, c: -0, d: 2n ** 63n - 1n, e: true, f: "x", "resource.g": 1 };
    expect(classicPredicate({ attributes })).toEqual({
      op: "and",
      args: [
        any("a", "200"),
        any("b", "1.5"),
        any("c", "-0"),
        any("d", "9223372036854775807"),
        any("e", "true"),
        any("f", "x"),
        any("g", "1", ["resource"]),
      ],
    });
  });

  it("matches every span when the query is empty", () => {
    expect(classicPredicate({})).toEqual({ op: "and", args: [] });
    const empty = { service: "", operation: "", minDurationNano: 0n, maxDurationNano: 0n, attributes: {} };
    expect(classicPredicate(empty)).toEqual({ op: "and", args: [] });
  });

  it("matches nothing when error is no boolean", () => {
    for (const error of ["yes", "", 1, 1n, { intValue: 1n }, {}]) {
      expect(classicPredicate({ attributes: { error } })).toEqual({ op: "or", args: [] });
    }
  });
});
