import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isSpanStoreError } from "../../src/errors/errors.js";
import { decodeFilter, encodeFilter } from "../../src/query/filter/forms/wire-form.js";
import type { FilterCall } from "../../src/query/filter/language/ast.js";
import { resolveFilter } from "../../src/query/filter/resolve/resolve.js";
import { formatTraceQl } from "../../src/query/traceql/format.js";
import { tokenAt } from "../../src/query/traceql/lexer.js";
import { parseTraceQl } from "../../src/query/traceql/parse-traceql.js";
import { filter as anyFilter } from "../../src/testing/arbitrary-filter.js";
import { canonicalFilter } from "./arbitrary-canonical.js";

/** The text of a filter; undefined when TraceQL cannot express it, or when it is invalid. */
function textOf(filter: FilterCall): string | undefined {
  try {
    return formatTraceQl(filter);
  } catch (error) {
    if (!isSpanStoreError(error)) throw error;
    expect(["INVALID_QUERY", "UNSUPPORTED_FILTER"]).toContain(error.code);
    expect(error.field).toMatch(/^filter(\.args\[\d+\])*(\.values\[\d+\])?$/);
    return undefined;
  }
}

function tokensOf(text: string): string[] {
  const tokens: string[] = [];
  for (let token = tokenAt(text, 0); token.kind !== "end"; token = tokenAt(text, token.to)) {
    tokens.push(text.slice(token.from, token.to));
  }
  return tokens;
}

describe("a filter as TraceQL", () => {
  it("comes back from its text unchanged", () => {
    fc.assert(
      fc.property(canonicalFilter, (filter) => {
        expect(parseTraceQl(formatTraceQl(filter))).toEqual(filter);
      }),
      { numRuns: 3000 },
    );
  });

  it("is the same in its JSON and wire forms", () => {
    fc.assert(
      fc.property(canonicalFilter, (filter) => {
        const parsed = parseTraceQl(formatTraceQl(filter));
        expect(decodeFilter(encodeFilter(parsed))).toEqual(filter);
        expect(JSON.parse(JSON.stringify(parsed))).toEqual(filter);
      }),
    );
  });

  it("comes back with the same meaning when it is spelled otherwise, or is refused", () => {
    let said = 0;
    let refused = 0;
    fc.assert(
      fc.property(anyFilter, (filter) => {
        const text = textOf(filter);
        if (text === undefined) {
          refused++;
        } else {
          said++;
          expect(resolveFilter(parseTraceQl(text))).toEqual(resolveFilter(filter));
        }
      }),
      { numRuns: 3000 },
    );
    expect(said).toBeGreaterThan(500);
    expect(refused).toBeGreaterThan(500);
  });

  it("survives another round trip: text to filter to text to the same filter", () => {
    const gap = fc.constantFrom("", " ", "\n\t", " /* note */ ", " // note\n");
    fc.assert(
      fc.property(canonicalFilter, fc.infiniteStream(gap), (filter, gaps) => {
        // Adjacent words and operators would merge.
        const text = tokensOf(formatTraceQl(filter))
          .flatMap((token) => [token, gaps.next().value || " "])
          .join("");
        const parsed = parseTraceQl(text);
        expect(parsed).toEqual(filter);
        expect(formatTraceQl(parsed)).toBe(formatTraceQl(filter));
      }),
    );
  });
});

describe("formatTraceQl", () => {
  const scalar = (value: string, type?: string) => ({
    scalar: type === undefined ? { value } : { value, type },
  });
  const attr = (key: string, level?: string) => ({ attr: level === undefined ? { key } : { key, level } });
  const field = (level: string, name: string) => ({ field: { name, level } });
  const eq = (...args: FilterCall["args"]): FilterCall => ({ op: "eq", args });

  const respelled: [name: string, filter: FilterCall, text: string][] = [
    ["a type next to a field", eq(field("span", "name"), scalar("a", "string")), '{ name = "a" }'],
    ["an int with a plus", eq(attr("a"), scalar("+1", "int")), "{ .a = 1 }"],
    ["a whole double", eq(attr("a"), scalar("200", "double")), "{ .a = 200.0 }"],
    ["a hexadecimal double", eq(attr("a"), scalar("0x1p3", "double")), "{ .a = 8.0 }"],
    ["a large double", eq(attr("a"), scalar("1e+21", "double")), "{ .a = 1e+21 }"],
    ["Go's other booleans", eq(attr("a"), scalar("T", "bool")), "{ .a = true }"],
    ["a duration of nothing", eq(field("span", "duration"), scalar("0")), "{ duration = 0ns }"],
    ["a duration with a plus", eq(field("span", "duration"), scalar("+2s")), "{ duration = 2000000000ns }"],
    [
      "whole doubles in a list",
      { op: "in", args: [attr("a"), { list: { values: ["1", "2"], type: "double" } }] },
      "{ in(.a, 1.0, 2) }",
    ],
    [
      "a level spelled as empty",
      { op: "exists", args: [{ attr: { key: "a", level: "" } }] },
      "{ .a != nil }",
    ],
    [
      "a pattern that matches anywhere",
      { op: "regex", args: [attr("a"), scalar("a.b")] },
      '{ .a =~ ".*(?-s:a.b).*" }',
    ],
    ["a plain one", { op: "regex", args: [attr("a"), scalar("\\d+", "string")] }, "{ .a =~ `.*\\d+.*` }"],
  ];
  it.each(respelled)("respells %s", (_name, filter, text) => {
    expect(formatTraceQl(filter)).toBe(text);
    expect(resolveFilter(parseTraceQl(text))).toEqual(resolveFilter(filter));
  });

  const unsayable: [name: string, filter: FilterCall, field: string][] = [
    ["a constant without a type", eq(attr("a"), scalar("x")), "filter.args[1]"],
    ["NaN", eq(attr("a"), scalar("NaN", "double")), "filter.args[1]"],
    [
      "an infinite number",
      { op: "in", args: [attr("a"), { list: { values: ["1", "inf"], type: "double" } }] },
      "filter.args[1].values[1]",
    ],
    ["a field that TraceQL lacks", { op: "exists", args: [field("span", "traceState")] }, "filter.args[0]"],
    ["the service without a text", { op: "exists", args: [field("resource", "service")] }, "filter.args[0]"],
    [
      "service.name as an attribute next to text",
      eq(attr("service.name", "resource"), scalar("a", "string")),
      "filter.args[0]",
    ],
    [
      "an attribute without a level inside some",
      { op: "some", args: [{ nested: { level: "event" } }, { call: { op: "exists", args: [attr("a")] } }] },
      "filter.args[1].args[0]",
    ],
  ];
  it.each(unsayable)("refuses %s, and names it", (_name, filter, path) => {
    expect(() => resolveFilter(filter)).not.toThrow();
    expect(() => formatTraceQl(filter)).toThrow(
      expect.objectContaining({ code: "UNSUPPORTED_FILTER", field: path, hint: expect.any(String) }),
    );
  });

  it("refuses invalid filters like resolveFilter", () => {
    expect(() => formatTraceQl({ op: "and", args: [] })).toThrow(
      expect.objectContaining({ code: "INVALID_QUERY", field: "filter" }),
    );
  });
});
