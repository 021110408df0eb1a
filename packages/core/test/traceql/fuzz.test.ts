import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isSpanStoreError } from "../../src/errors/errors.js";
import { resolveFilter } from "../../src/query/filter/resolve/resolve.js";
import { completeTraceQl } from "../../src/query/traceql/complete.js";
import { formatTraceQl } from "../../src/query/traceql/format.js";
import { parseTraceQl } from "../../src/query/traceql/parse-traceql.js";
import { anyText, mutatedText } from "./arbitrary-text.js";

/** Asserts that a text parses to a valid filter, or fails with a place in the text. */
function check(text: string): "filter" | "error" {
  try {
    const filter = parseTraceQl(text);
    resolveFilter(filter);
    expect(parseTraceQl(formatTraceQl(filter))).toEqual(filter);
    return "filter";
  } catch (error) {
    if (!isSpanStoreError(error)) throw error;
    expect(["INVALID_QUERY", "UNSUPPORTED_FILTER"]).toContain(error.code);
    expect(error.field).toBe("filter");
    const { offset, length, line, column } = error.position ?? { offset: -1, length: 0, line: 0, column: 0 };
    expect(offset).toBeGreaterThanOrEqual(0);
    expect(length).toBeGreaterThanOrEqual(0);
    expect(offset + length).toBeLessThanOrEqual(text.length);
    const before = text.slice(0, offset).split("\n");
    expect([line, column]).toEqual([before.length, [...(before.at(-1) as string)].length + 1]);
    expect(error.message).toMatch(/\n {2}.*\n\s*\^+$/s);
    return "error";
  }
}

describe("parseTraceQl", () => {
  it("returns a filter or a typed error for any text", () => {
    fc.assert(
      fc.property(anyText, (text) => void check(text)),
      { numRuns: 5000 },
    );
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => void check(text)),
      { numRuns: 2000 },
    );
    // Lone surrogates too.
    fc.assert(
      fc.property(fc.array(fc.nat(0xffff)), (units) => void check(String.fromCharCode(...units))),
      { numRuns: 2000 },
    );
  });

  it("returns a filter or a typed error for a changed valid text", () => {
    const seen = { filter: 0, error: 0 };
    fc.assert(
      fc.property(mutatedText, (text) => void seen[check(text)]++),
      { numRuns: 5000 },
    );
    expect(seen.filter).toBeGreaterThan(500);
    expect(seen.error).toBeGreaterThan(500);
  });

  // Each of these would take too long, or overflow the stack, if any work grew faster than the text.
  const size = 99_000;
  const repeated = (piece: string): string => piece.repeat(size / piece.length);
  const huge: Readonly<Record<string, string>> = {
    "open parentheses": `{ ${repeated("(")}`,
    negations: `{ ${repeated("!")}.a }`,
    minuses: `{ .a = ${repeated("-")}1 }`,
    "a chain": `{ ${repeated(".a && ")}.a }`,
    "an alternating chain": `{ ${repeated(".a && .b || ")}.a }`,
    "nested some": `{ ${repeated("some(event, ")}`,
    "a list": `{ in(.a${repeated(", 1")}) }`,
    "a text": `{ .a = "${repeated("\\\\")}" }`,
    "a text of bytes": `{ .a = "${repeated("\\xc3\\xa9")}" }`,
    "a text without its end": `{ .a = "${repeated("\\\\")}`,
    "a raw text": `{ .a = \`${repeated("\\")}\` }`,
    "a key": `{ .${repeated('"a"b')} = 1 }`,
    "a key without its end": `{ ."${repeated("\\\\")}`,
    "a number": `{ .a = ${repeated("1")} }`,
    "a duration": `{ duration > ${repeated("1h")} }`,
    days: `{ duration > ${repeated("1")}d }`,
    "a word": `{ ${repeated("a")} }`,
    "words to search": `{ words(.a, "${repeated("a ")}") }`,
    "a pattern": `{ name =~ "${repeated("(")}" }`,
    "a pattern of classes": `{ name =~ "${repeated("[")}" }`,
    "a pattern that repeats": `{ name =~ "${repeated(".*")}" }`,
    "white space": `{${repeated(" \n")}}`,
    comments: `{${repeated("/**/")}${" ".repeat(10)}}`,
    "a comment without its end": `{ /*${repeated("/*")}`,
    quotes: `{ ${repeated('"')} }`,
    lines: `${repeated("\n")}x`,
    braces: repeated("{}"),
  };
  it.each(Object.entries(huge))("reads and completes a large text in linear time: %s", (_name, text) => {
    check(text);
    completeTraceQl(text, text.length);
    completeTraceQl(text, text.length / 2);
  });
});
