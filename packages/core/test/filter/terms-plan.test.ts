import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  compilePredicate,
  type Predicate,
  requiredTerms,
  resolveFilter,
  splitByTrace,
  type TermNode,
  type TermSet,
} from "../../src/engine.js";
import { and, event, type FilterCall, isSpanStoreError, some, span } from "../../src/index.js";
import { encodeTraces, spansOf } from "../../src/otlp.js";
import { searchOfQuery } from "../../src/query/search-of-query.js";
import type { TraceQuery } from "../../src/query/trace-query.js";
import { request } from "../../src/testing/arbitrary-data.js";
import { traceQuery } from "../../src/testing/arbitrary-query.js";
import { encodeRequest } from "../../src/testing/encode-request.js";

const bare = {
  traceId: "1".padStart(32, "0"),
  spanId: "1".padStart(16, "0"),
  name: "",
  startTimeUnixNano: 0n,
  endTimeUnixNano: 0n,
};

function holds(node: TermNode | undefined, terms: TermSet): boolean {
  if (node === undefined) return true;
  if ("term" in node) return terms.has(node.term);
  return "all" in node
    ? node.all.every((part) => holds(part, terms))
    : node.any.some((part) => holds(part, terms));
}

const bound: fc.Arbitrary<FilterCall> = fc
  .record({
    op: fc.constantFrom("gt", "gte", "lt", "lte"),
    level: fc.constantFrom("span", "resource", "scope", "event", undefined),
    constant: fc.oneof(
      fc
        .constantFrom("-1", "0", "1", "200", "1024", "9007199254740993")
        .map((value) => ({ value, type: "int" })),
      fc.constantFrom("-0.5", "0.1", "200", "1e300", "NaN").map((value) => ({ value, type: "double" })),
    ),
  })
  .map(({ op, level, constant: { value, type } }) => ({
    op,
    args: [{ attr: { key: "k", ...(level !== undefined && { level }) } }, { scalar: { value, type } }],
  }));

/** Several bounds on the same number, which the other generators rarely make. */
const bounds: fc.Arbitrary<TraceQuery> = fc
  .tuple(fc.boolean(), fc.array(bound, { minLength: 2, maxLength: 4 }))
  .map(([inEvent, each]) => {
    const all: FilterCall = { op: "and", args: each.map((call) => ({ call })) };
    return { filter: inEvent ? some(event, all) : all };
  });

/** Texts with some or all words of a search, in spellings that fold to the same. */
const wordlike = fc.constantFrom(
  "get",
  "GET",
  "straße",
  "STRASSE",
  "ß",
  "Σίσυφος",
  "σίσυφοσ",
  "\u212a",
  "k",
  "K",
  "ſ",
  "é",
  "e\u0301",
);
const separators = fc.constantFrom(" ", "/", "-", "\ufffd", "\u00a0", "_", "");
const text = fc.array(fc.tuple(wordlike, separators), { maxLength: 4 }).map((parts) => parts.flat().join(""));

function predicateOf(query: TraceQuery): Predicate | undefined {
  try {
    return searchOfQuery(query).predicate;
  } catch (error) {
    if (isSpanStoreError(error)) return undefined;
    throw error;
  }
}

describe("the terms that a search demands", () => {
  it("occur in every fragment with a match", () => {
    let matches = 0;
    let demanded = 0;
    fc.assert(
      fc.property(request, fc.oneof(traceQuery, bounds), (traces, query) => {
        const predicate = predicateOf(query);
        if (predicate === undefined) return;
        const isMatch = compilePredicate(predicate);
        const required = requiredTerms(predicate);
        for (const fragment of splitByTrace(encodeRequest(traces)).fragments) {
          if (![...spansOf(fragment.encoded)].some(isMatch)) continue;
          matches++;
          if (required !== undefined) demanded++;
          expect(holds(required, fragment.terms)).toBe(true);
        }
      }),
      { numRuns: 3000 },
    );
    expect(Math.min(matches, demanded)).toBeGreaterThan(100);
  });

  it("occur in every text with the words, in any spelling", () => {
    let matches = 0;
    let misses = 0;
    const listed = fc.array(wordlike, { minLength: 1, maxLength: 2 });
    fc.assert(
      fc.property(text, listed, fc.constantFrom("span", "event", "resource"), (stringValue, words, level) => {
        const attributes = [{ key: "k", value: { stringValue } }];
        const encoded = encodeTraces({
          resourceSpans: [
            {
              resource: { attributes: level === "resource" ? attributes : [] },
              scopeSpans: [
                {
                  spans: [
                    {
                      ...bare,
                      ...(level === "span" && { attributes }),
                      events: level === "event" ? [{ timeUnixNano: 0n, name: "", attributes }] : [],
                    },
                  ],
                },
              ],
            },
          ],
        });
        const [fragment] = splitByTrace(encoded).fragments;
        const filter: FilterCall = {
          op: "fulltext",
          args: [{ attr: { key: "k" } }, { list: { values: words } }],
        };
        const predicate = resolveFilter(filter);
        const isCandidate = holds(requiredTerms(predicate), fragment?.terms as TermSet);
        if ([...spansOf(encoded)].some(compilePredicate(predicate))) {
          matches++;
          expect(isCandidate).toBe(true);
        } else if (!isCandidate) {
          misses++;
        }
      }),
      { numRuns: 2000 },
    );
    expect(Math.min(matches, misses)).toBeGreaterThan(100);
  });

  const termsOfNumber = (value: bigint): TermSet => {
    const attributes = [{ key: "depth", value: { intValue: value } }];
    const fragments = splitByTrace(
      encodeTraces({ resourceSpans: [{ scopeSpans: [{ spans: [{ ...bare, attributes }] }] }] }),
    ).fragments;
    return fragments[0]?.terms as TermSet;
  };

  it("distinguish a value in a range from values on both sides of it", () => {
    const range = requiredTerms(
      resolveFilter(and(span.attr("depth").gte(1000), span.attr("depth").lt(2000))),
    );
    expect([3n, 1500n, 1_000_000n].map((value) => holds(range, termsOfNumber(value)))).toEqual([
      false,
      true,
      false,
    ]);
  });
});
