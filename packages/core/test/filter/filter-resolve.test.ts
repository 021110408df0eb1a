import { describe, expect, it } from "vitest";
import { isSpanStoreError } from "../../src/errors/errors.js";
import type { FilterCall, FilterExpression } from "../../src/query/filter/language/ast.js";
import { fields } from "../../src/query/filter/language/fields.js";
import {
  allLevels,
  type Constant,
  type Predicate,
  type Reference,
} from "../../src/query/filter/language/predicate.js";
import { operators, resolveFilter } from "../../src/query/filter/resolve/resolve.js";

const call = (op: string, ...args: FilterExpression[]): FilterCall => ({ op, args });
const nest = (predicate: FilterCall): FilterExpression => ({ call: predicate });
const attr = (key: string, level?: string): FilterExpression => ({
  attr: level === undefined ? { key } : { key, level },
});
const field = (name: string): FilterExpression => {
  const [level = "", short = ""] = name.split(".");
  return { field: { level, name: short } };
};
const scalar = (value: string, type?: string): FilterExpression => ({
  scalar: type === undefined ? { value } : { value, type },
});
const list = (values: string[], type?: string): FilterExpression => ({
  list: type === undefined ? { values } : { values, type },
});
const nested = (level: string): FilterExpression => ({ nested: { level } });
const isA = call("eq", attr("a"), scalar("1"));

const a: Reference = { ref: "attribute", key: "a", levels: ["span", "resource"] };
const fieldRef = (name: string): Reference => {
  const found = fields.find((each) => `${each.level}.${each.name}` === name);
  return { ref: "field", level: found?.level ?? "span", name: found?.name ?? "" };
};

function refusal(filter: FilterCall): { code: string; field: string | undefined } {
  try {
    resolveFilter(filter);
  } catch (error) {
    if (isSpanStoreError(error)) return { code: error.code, field: error.field };
    throw error;
  }
  return { code: "accepted", field: undefined };
}

describe("resolving", () => {
  const nanos = (value: bigint): Constant => ({ type: "nanos", value });
  const cases: [name: string, FilterCall, Predicate][] = [
    [
      "an attribute without a level is one of the span or the resource",
      call("eq", attr("a"), scalar("1")),
      { op: "eq", ref: a, value: { type: "any", text: "1" } },
    ],
    [
      "a level is kept",
      call("exists", attr("a", "link")),
      { op: "exists", ref: { ref: "attribute", key: "a", levels: ["link"] } },
    ],
    [
      "a declared type is kept",
      call("in", attr("a"), list(["1", "-2"], "int")),
      {
        op: "in",
        ref: a,
        values: [
          { type: "int", value: 1n },
          { type: "int", value: -2n },
        ],
      },
    ],
    [
      "doubles and booleans are read",
      call(
        "or",
        nest(call("lt", attr("a"), scalar("1.50", "double"))),
        nest(call("ne", attr("a"), scalar("t", "bool"))),
      ),
      {
        op: "or",
        args: [
          { op: "lt", ref: a, value: { type: "double", value: 1.5 } },
          { op: "ne", ref: a, value: { type: "bool", value: true } },
        ],
      },
    ],
    [
      "a duration becomes nanoseconds",
      call("gt", field("span.duration"), scalar("2s")),
      { op: "gt", ref: fieldRef("span.duration"), value: nanos(2_000_000_000n) },
    ],
    [
      "so do the elements of a list",
      call("not_in", field("event.timeSinceStart"), list(["50us", "-1ms"])),
      { op: "not_in", ref: fieldRef("event.timeSinceStart"), values: [nanos(50_000n), nanos(-1_000_000n)] },
    ],
    [
      "an instant becomes nanoseconds",
      call("lte", field("span.startTime"), scalar("2026-08-16T20:56:20.123456789+02:00")),
      { op: "lte", ref: fieldRef("span.startTime"), value: nanos(1786906580123456789n) },
    ],
    [
      "a word becomes its number",
      call("eq", field("span.kind"), scalar("server")),
      { op: "eq", ref: fieldRef("span.kind"), value: { type: "enum", value: 2 } },
    ],
    [
      "a word may be declared a string",
      call("in", field("span.status"), list(["unset", "error"], "string")),
      {
        op: "in",
        ref: fieldRef("span.status"),
        values: [
          { type: "enum", value: 0 },
          { type: "enum", value: 2 },
        ],
      },
    ],
    [
      "a text field makes a constant a string",
      call("gte", field("span.name"), scalar("m")),
      { op: "gte", ref: fieldRef("span.name"), value: { type: "string", text: "m" } },
    ],
    [
      "an id stays the text it is",
      call("eq", field("span.traceID"), scalar("not-hex")),
      { op: "eq", ref: fieldRef("span.traceID"), value: { type: "string", text: "not-hex" } },
    ],
    [
      "a constant on the left changes places",
      call("gt", scalar("2s"), field("span.duration")),
      { op: "lt", ref: fieldRef("span.duration"), value: nanos(2_000_000_000n) },
    ],
    [
      "and turns each ordered operator round",
      call("and", nest(call("lte", scalar("1", "int"), attr("a"))), nest(call("ne", scalar("x"), attr("a")))),
      {
        op: "and",
        args: [
          { op: "gte", ref: a, value: { type: "int", value: 1n } },
          { op: "ne", ref: a, value: { type: "any", text: "x" } },
        ],
      },
    ],
    [
      "two references stand as they were",
      call("lt", field("span.startTime"), field("event.time")),
      { op: "compare", with: "lt", left: fieldRef("span.startTime"), right: fieldRef("event.time") },
    ],
    [
      "an attribute may stand beside text",
      call("eq", attr("a"), field("span.kind")),
      { op: "compare", with: "eq", left: a, right: fieldRef("span.kind") },
    ],
    [
      "two equal constants are always true",
      call("eq", scalar("1", "int"), scalar("1.0", "double")),
      { op: "and", args: [] },
    ],
    ["two unequal ones never", call("gt", scalar("1"), scalar("2", "int")), { op: "or", args: [] }],
    [
      "and text is compared as text",
      call("gt", scalar("9", "string"), scalar("500")),
      { op: "and", args: [] },
    ],
    [
      "a pattern stays a pattern",
      call("regex", field("span.kind"), scalar("produ.*", "string")),
      { op: "regex", ref: fieldRef("span.kind"), pattern: "produ.*" },
    ],
    [
      "words are a list of strings",
      call("phrase", attr("a", "event"), list(["Über", "cafe\u0301", "x2"], "string")),
      {
        op: "phrase",
        ref: { ref: "attribute", key: "a", levels: ["event"] },
        words: ["Über", "cafe\u0301", "x2"],
      },
    ],
    [
      "some binds, and the other collection may be bound within",
      call("some", nested("event"), nest(call("some", nested("link"), nest(call("not", nest(isA)))))),
      {
        op: "some",
        level: "event",
        arg: {
          op: "some",
          level: "link",
          arg: { op: "not", arg: { op: "eq", ref: a, value: { type: "any", text: "1" } } },
        },
      },
    ],
  ];
  it.each(cases)("%s", (_name, filter, predicate) => {
    expect(resolveFilter(filter)).toEqual(predicate);
  });

  it("reverses every operator with its operands", () => {
    const turned = { eq: "eq", ne: "ne", gt: "lt", lt: "gt", gte: "lte", lte: "gte" };
    for (const [op, other] of Object.entries(turned)) {
      expect(resolveFilter(call(op, scalar("1", "int"), attr("a"))), op).toEqual(
        resolveFilter(call(other, attr("a"), scalar("1", "int"))),
      );
    }
  });

  it("accepts every field and level", () => {
    for (const { level, name } of fields) {
      expect(refusal(call("exists", { field: { level, name } })).code, `${level}.${name}`).toBe("accepted");
    }
    expect(fields).toHaveLength(22);
    for (const level of allLevels) expect(refusal(call("exists", attr("a", level))).code).toBe("accepted");
  });

  it("nests twenty calls deep, and no deeper", () => {
    let filter = isA;
    for (let depth = 2; depth <= 20; depth++) filter = call("not", nest(filter));
    expect(refusal(filter).code).toBe("accepted");
    expect(refusal(call("not", nest(filter))).code).toBe("INVALID_QUERY");
  });

  it("refuses a filter that contains itself", () => {
    const args: FilterExpression[] = [];
    args.push({ call: { op: "not", args } });
    expect(refusal({ op: "not", args }).code).toBe("INVALID_QUERY");
  });
});

describe("refusing", () => {
  const invalid: [name: string, FilterCall, field: string][] = [
    ["an unknown operator", call("matches", attr("a"), scalar("b")), "filter"],
    ["an operator in capitals", call("EQ", attr("a"), scalar("b")), "filter"],
    ["no operator", call("", attr("a"), scalar("b")), "filter"],
    ["a conjunction of one", call("and", nest(isA)), "filter"],
    ["a disjunction of none", call("or"), "filter"],
    ["a conjunction over a reference", call("and", nest(isA), attr("a")), "filter.args[1]"],
    ["a conjunction over a list", call("and", nest(isA), list(["1"])), "filter.args[1]"],
    ["a negation of two", call("not", nest(isA), nest(isA)), "filter"],
    ["an equality of one", call("eq", attr("a")), "filter"],
    ["an equality of three", call("eq", attr("a"), scalar("1"), scalar("2")), "filter"],
    [
      "an unknown level, nested",
      call("or", nest(isA), nest(call("eq", attr("b", "pod"), scalar("2")))),
      "filter.args[1].args[0]",
    ],
    ["a level in capitals", call("exists", attr("b", "Span")), "filter.args[0]"],
    ["an attribute without a key", call("exists", attr("", "span")), "filter.args[0]"],
    ["a field without a name", call("exists", field("span.")), "filter.args[0]"],
    ["a field without a level", call("eq", field(".duration"), scalar("2s")), "filter.args[0]"],
    ["a field of another level", call("eq", field("resource.duration"), scalar("2s")), "filter.args[0]"],
    ["an unknown field on the right", call("eq", attr("a"), field("span.durtion")), "filter.args[1]"],
    ["the existence of a constant", call("exists", scalar("a")), "filter.args[0]"],
    ["the existence of two", call("exists", attr("a"), attr("b")), "filter"],
    ["constants of different kinds", call("eq", scalar("1", "int"), scalar("1", "string")), "filter"],
    ["a comparison with a list", call("eq", attr("a"), list(["1"])), "filter.args[1]"],
    ["a comparison with a predicate", call("eq", nest(isA), scalar("true", "bool")), "filter.args[0]"],
    ["a comparison with a collection", call("eq", nested("event"), scalar("1")), "filter.args[0]"],
    ["an unknown type", call("eq", attr("a"), scalar("1", "number")), "filter.args[1]"],
    ["an int that is none", call("eq", attr("a"), scalar("1.5", "int")), "filter.args[1]"],
    ["an int beyond 64 bits", call("eq", attr("a"), scalar("9223372036854775808", "int")), "filter.args[1]"],
    ["a double beyond its range", call("eq", attr("a"), scalar("1e400", "double")), "filter.args[1]"],
    ["a boolean that is none", call("eq", attr("a"), scalar("yes", "bool")), "filter.args[1]"],
    ["a duration without a unit", call("gt", field("span.duration"), scalar("500")), "filter.args[1]"],
    ["a word for a duration", call("gt", scalar("banana"), field("span.duration")), "filter.args[0]"],
    ["a date for an instant", call("gt", field("span.endTime"), scalar("2026-08-16")), "filter.args[1]"],
    ["a number for a duration", call("gt", field("span.duration"), scalar("42", "int")), "filter.args[1]"],
    [
      "a declared string for a duration",
      call("eq", field("span.duration"), scalar("2s", "string")),
      "filter.args[1]",
    ],
    ["a number for a name", call("eq", field("span.name"), scalar("1", "int")), "filter.args[1]"],
    ["a number for a kind", call("eq", field("span.kind"), scalar("2", "int")), "filter.args[1]"],
    ["OTLP's own kind word", call("eq", field("span.kind"), scalar("SPAN_KIND_SERVER")), "filter.args[1]"],
    ["a status in capitals", call("eq", field("span.status"), scalar("Error", "string")), "filter.args[1]"],
    ["an order among kinds", call("gt", field("span.kind"), scalar("server")), "filter.args[0]"],
    ["an order among statuses", call("lt", scalar("ok"), field("span.status")), "filter.args[1]"],
    ["an order among booleans", call("lte", attr("a"), scalar("true", "bool")), "filter.args[1]"],
    ["an order of kinds and names", call("lt", field("span.name"), field("span.kind")), "filter.args[1]"],
    ["a duration beside a name", call("eq", field("span.duration"), field("span.name")), "filter"],
    ["an instant beside a duration", call("gt", field("span.startTime"), field("span.duration")), "filter"],
    ["membership in a constant", call("in", attr("a"), scalar("1")), "filter.args[1]"],
    ["membership in nothing", call("in", attr("a"), list([], "int")), "filter.args[1]"],
    ["membership of a constant", call("in", scalar("a"), list(["1"], "string")), "filter.args[0]"],
    ["a list of no type beside an attribute", call("in", attr("a"), list(["1"])), "filter.args[1]"],
    [
      "a list of an unknown type",
      call("not_in", attr("a"), list(["1"], "number")),
      "filter.args[1].values[0]",
    ],
    ["a list of mixed elements", call("in", attr("a"), list(["1", "x"], "int")), "filter.args[1].values[1]"],
    [
      "a list of another type than the field",
      call("in", field("span.name"), list(["true"], "bool")),
      "filter.args[1].values[0]",
    ],
    [
      "strings for durations",
      call("in", field("span.duration"), list(["2s"], "string")),
      "filter.args[1].values[0]",
    ],
    [
      "a bad element beside a field",
      call("in", field("span.duration"), list(["2s", "3"])),
      "filter.args[1].values[1]",
    ],
    ["a pattern on the left", call("regex", scalar("a"), attr("a")), "filter.args[0]"],
    ["a pattern that is a reference", call("regex", attr("a"), attr("b")), "filter.args[1]"],
    ["a pattern that is a number", call("regex", attr("a"), scalar("1", "int")), "filter.args[1]"],
    ["a pattern over a duration", call("regex", field("span.duration"), scalar("2s")), "filter.args[0]"],
    ["a pattern over an instant", call("regex", field("event.time"), scalar("2026")), "filter.args[0]"],
    ["some over the span", call("some", nested("span"), nest(isA)), "filter.args[0]"],
    ["some over no level", call("some", nested(""), nest(isA)), "filter.args[0]"],
    ["some over an attribute", call("some", attr("a", "event"), nest(isA)), "filter.args[0]"],
    ["some of a constant", call("some", nested("event"), scalar("true")), "filter.args[1]"],
    ["some of nothing", call("some", nested("event")), "filter"],
    [
      "some within some of the same level",
      call(
        "some",
        nested("link"),
        nest(call("and", nest(isA), nest(call("not", nest(call("some", nested("link"), nest(isA))))))),
      ),
      "filter.args[1].args[1].args[0].args[0]",
    ],
    [
      "a collection elsewhere",
      call("some", nested("link"), nest(call("exists", nested("event")))),
      "filter.args[1].args[0]",
    ],
    ["words of a field", call("phrase", field("span.name"), list(["a"])), "filter.args[0]"],
    ["words that are a constant", call("fulltext", attr("a"), scalar("a")), "filter.args[1]"],
    ["no words", call("fulltext", attr("a"), list([])), "filter.args[1]"],
    ["words of type int", call("phrase", attr("a"), list(["1"], "int")), "filter.args[1]"],
    ["two words in one element", call("phrase", attr("a"), list(["a", "b c"])), "filter.args[1].values[1]"],
    ["an empty word", call("fulltext", attr("a"), list([""])), "filter.args[1].values[0]"],
    ["a word with punctuation", call("fulltext", attr("a"), list(["it's"])), "filter.args[1].values[0]"],
    ["a word with an underscore", call("fulltext", attr("a"), list(["a_b"])), "filter.args[1].values[0]"],
    ["a word of 256 units", call("fulltext", attr("a"), list(["𝐱".repeat(128)])), "filter.args[1].values[0]"],
  ];
  it.each(invalid)("%s", (_name, filter, part) => {
    expect(refusal(filter)).toEqual({ code: "INVALID_QUERY", field: part });
  });

  it("takes a word of 255 units", () => {
    expect(refusal(call("fulltext", attr("a"), list([`${"𝐱".repeat(127)}y`]))).code).toBe("accepted");
  });

  it("a comparison of an attribute with a time, as unsupported", () => {
    for (const name of ["span.duration", "span.startTime", "event.timeSinceStart", "event.time"]) {
      const expected = { code: "UNSUPPORTED_FILTER", field: "filter" };
      expect(refusal(call("gt", field(name), attr("a")))).toEqual(expected);
      expect(refusal(call("ne", attr("a"), field(name)))).toEqual(expected);
    }
  });

  it("knows every operator", () => {
    expect(operators).toHaveLength(16);
    for (const op of operators) {
      expect(() => resolveFilter(call(op))).not.toThrow(/unknown operator/);
      expect(refusal(call(op)).code).toBe("INVALID_QUERY");
    }
  });
});

describe("patterns", () => {
  const verdict = (pattern: string): string => refusal(call("regex", attr("a"), scalar(pattern))).code;
  const refused = [
    ...["^a", "a$", "\\Aa", "a\\z", "(a|^b)", "a|$", "[a]^"],
    ...["\\ba", "a\\B"],
    ...[
      "a*?",
      "a+?",
      "a??",
      "a{2}?",
      "a{2,}?",
      "(ab)*?",
      "[a]*?",
      "\\d+?",
      "\\x{41}??",
      "\\Qa\\E*?",
      "(?:a)+?",
    ],
    ...["(?i)a", "(?i:a)", "(?s).", "(?m)a", "(?U)a", "(?-s:a)", "a(?i)"],
    ...[
      "a(",
      "[a",
      "a**",
      "\\",
      "(?=a)",
      "(?<=a)",
      "\\1",
      "\\C",
      "\\Z",
      "a{1001}",
      "(a{1000}){2}",
      "[b-a]",
      "\\pX",
      "(?#c)",
    ],
  ];
  it.each(refused)("refuses %j", (pattern) => {
    expect(verdict(pattern)).toBe("INVALID_QUERY");
  });
  it("refuses patterns that would take too long, as unsupported", () => {
    for (const pattern of ["a".repeat(10_001), "\\pL{1000}".repeat(6)]) {
      expect(verdict(pattern)).toBe("UNSUPPORTED_FILTER");
    }
    expect(verdict("a{1000}")).toBe("accepted");
  });
  const accepted = [
    ...[
      "",
      "a",
      "GET .*",
      "a|b",
      "(a|b)*",
      "a{2}",
      "a{2,}",
      "a{,2}?",
      "{",
      "{1",
      "a{1",
      "(?:a)?",
      "(?P<n>a)",
      "(?<n>a)?",
    ],
    ...["[^a]", "[$]", "[^]^]", "[]^]", "[\\]^]?", "[[:^alpha:]$]?", "\\^\\$", "\\Q^$*?\\E", "\\Q^a"],
    ...[
      "\\pL",
      "\\p{Greek}?",
      "\\p{^Greek}",
      "\\x{41}?",
      "\\PN+",
      "@example.com",
      "<1-2>",
      "a&b~c#",
      "héllo 日本 😀",
    ],
  ];
  it.each(accepted)("accepts %j", (pattern) => {
    expect(verdict(pattern)).toBe("accepted");
  });
});
