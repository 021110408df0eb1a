import { describe, expect, it } from "vitest";
import type { AnyValue, KeyValue } from "../../src/model/any-value.js";
import type { Span } from "../../src/model/trace.js";
import { encodeTraces } from "../../src/otlp/encode.js";
import { spansOf } from "../../src/otlp/groups.js";
import type { SpanView } from "../../src/otlp/span-view.js";
import {
  and,
  attr,
  event,
  every,
  link,
  not,
  or,
  resource,
  scope,
  some,
  span,
} from "../../src/query/filter/forms/builder.js";
import { literal } from "../../src/query/filter/forms/builder-values.js";
import type { FilterCall } from "../../src/query/filter/language/ast.js";
import type { Predicate } from "../../src/query/filter/language/predicate.js";
import { compilePredicate } from "../../src/query/filter/match/matcher.js";
import { resolveFilter } from "../../src/query/filter/resolve/resolve.js";

type Value = string | number | bigint | boolean | AnyValue;
type Attributes = Readonly<Record<string, Value>>;

interface Given extends Partial<Omit<Span, "attributes" | "events" | "links">> {
  readonly attributes?: Attributes | readonly KeyValue[];
  readonly resource?: Attributes;
  readonly resourceSchema?: string;
  readonly scope?: { name?: string; version?: string; attributes?: Attributes; schema?: string };
  readonly events?: readonly { name?: string; at?: bigint; attributes?: Attributes }[];
  readonly links?: readonly { spanId?: string; traceState?: string; attributes?: Attributes }[];
}

function anyValue(value: Value): AnyValue {
  if (typeof value === "string") return { stringValue: value };
  if (typeof value === "boolean") return { boolValue: value };
  if (typeof value === "bigint") return { intValue: value };
  return typeof value === "number" ? { doubleValue: value } : value;
}

function keyValues(attributes: Attributes = {}): KeyValue[] {
  return Object.entries(attributes).map(([key, value]) => ({ key, value: anyValue(value) }));
}

/** A span from 1000 to 3000 ns by default. */
function view(given: Given = {}): SpanView {
  const { resource: ofResource, resourceSchema, scope: ofScope, attributes, events, links, ...rest } = given;
  const encoded = encodeTraces({
    resourceSpans: [
      {
        resource: { attributes: keyValues(ofResource) },
        schemaUrl: resourceSchema ?? "",
        scopeSpans: [
          {
            scope: {
              name: ofScope?.name ?? "",
              version: ofScope?.version ?? "",
              attributes: keyValues(ofScope?.attributes),
            },
            schemaUrl: ofScope?.schema ?? "",
            spans: [
              {
                traceId: "000102030405060708090a0b0c0d0e0f",
                spanId: "0001020304050607",
                name: "GET /cart",
                startTimeUnixNano: 1000n,
                endTimeUnixNano: 3000n,
                ...rest,
                attributes: Array.isArray(attributes) ? attributes : keyValues(attributes as Attributes),
                events: (events ?? []).map(({ name = "", at = 1000n, attributes: of }) => ({
                  name,
                  timeUnixNano: at,
                  attributes: keyValues(of),
                })),
                links: (links ?? []).map(
                  ({ spanId = "ffffffffffffffff", traceState = "", attributes: of }) => ({
                    traceId: "ffffffffffffffffffffffffffffffff",
                    spanId,
                    traceState,
                    attributes: keyValues(of),
                  }),
                ),
              },
            ],
          },
        ],
      },
    ],
  });
  const [only] = [...spansOf(encoded)];
  if (only === undefined) throw new Error("no span");
  return only;
}

function matches(filter: FilterCall, given: Given): boolean {
  return compilePredicate(resolveFilter(filter))(view(given));
}

/** Asserts that the filter matches the first span and not the second. */
function expectApart(filter: FilterCall, holds: Given, fails: Given): void {
  expect(matches(filter, holds)).toBe(true);
  expect(matches(filter, fails)).toBe(false);
}

const k = span.attr("k");
const text = (value: string) => literal(value, "string");

describe("an absent reference", () => {
  it("makes every leaf false, and only not inverts that", () => {
    const leaves = [
      k.eq("x"),
      k.ne("x"),
      k.gt("x"),
      k.lt("x"),
      k.gte("x"),
      k.lte("x"),
      k.regex("x"),
      k.regex(""),
      k.exists(),
      k.in(["x"]),
      k.notIn(["x"]),
      k.phrase("x"),
      k.fulltext("x"),
      k.eq(span.name),
      k.ne(span.name),
      span.attr("x").ne(k),
    ];
    for (const leaf of leaves) {
      expect(matches(leaf, { attributes: { x: "x" } }), leaf.op).toBe(false);
      expect(matches(not(leaf), { attributes: { x: "x" } }), leaf.op).toBe(true);
    }
  });

  it("is an optional field at its zero value", () => {
    const optional: [
      { exists(): FilterCall; ne(value: string): FilterCall; eq(value: string): FilterCall },
      Given,
    ][] = [
      [span.parentSpanID, { parentSpanId: "00000000000000aa" }],
      [span.traceState, { traceState: "a=b" }],
      [span.statusMessage, { status: { message: "m" } }],
      [resource.service, { resource: { "service.name": "s" } }],
      [resource.schemaURL, { resourceSchema: "u" }],
      [scope.name, { scope: { name: "n" } }],
      [scope.version, { scope: { version: "v" } }],
      [scope.schemaURL, { scope: { schema: "u" } }],
    ];
    for (const [field, given] of optional) {
      expectApart(field.exists(), given, {});
      expectApart(field.ne("other"), given, {});
      expect(matches(field.eq(""), {})).toBe(false);
    }
    expect(matches(span.parentSpanID.exists(), { parentSpanId: "0000000000000000" })).toBe(false);
  });

  it("is never a field that every span carries", () => {
    const always = [
      span.traceID,
      span.spanID,
      span.name,
      span.kind,
      span.startTime,
      span.endTime,
      span.status,
    ];
    for (const field of [...always, span.duration]) {
      expect(matches(field.exists(), { name: "", startTimeUnixNano: 0n, endTimeUnixNano: 0n })).toBe(true);
    }
    expect(matches(span.name.eq(""), { name: "" })).toBe(true);
  });

  it("is a service name that is no string", () => {
    const given = { resource: { "service.name": 5n } };
    expect(matches(resource.service.exists(), given)).toBe(false);
    expect(matches(resource.attr("service.name").exists(), given)).toBe(true);
  });
});

describe("several values", () => {
  const both: Given = { attributes: { k: "span" }, resource: { k: "resource" } };

  it("satisfy a positive leaf by one of them", () => {
    for (const value of ["span", "resource"]) expect(matches(attr("k").eq(value), both)).toBe(true);
    expect(matches(attr("k").regex("sourc"), both)).toBe(true);
    expect(matches(attr("k").gt("s"), both)).toBe(true);
    expect(matches(attr("k").in(["other", "resource"]), both)).toBe(true);
  });

  it("satisfy a negated leaf when none of them matches", () => {
    expect(matches(attr("k").ne("resource"), both)).toBe(false);
    expect(matches(attr("k").notIn(["other", "span"]), both)).toBe(false);
    expect(matches(attr("k").notIn(["other"]), both)).toBe(true);
    expect(matches(attr("k").ne("resource"), { attributes: { k: "span" } })).toBe(true);
  });

  it("are those of all events, outside of some", () => {
    const given: Given = { events: [{ attributes: { k: 1n } }, { name: "e" }, { attributes: { k: 3n } }] };
    expect(matches(event.attr("k").eq(3), given)).toBe(true);
    expect(matches(event.attr("k").ne(3), given)).toBe(false);
    expect(matches(event.attr("k").ne(2), given)).toBe(true);
    expect(matches(and(event.attr("k").eq(1), event.name.eq("e")), given)).toBe(true);
  });

  it("are read only at the levels of the reference", () => {
    const given: Given = {
      attributes: { a: "x" },
      resource: { b: "x" },
      scope: { attributes: { c: "x" } },
      events: [{ attributes: { d: "x" } }],
      links: [{ attributes: { e: "x" } }],
    };
    const found = (of: (key: string) => { eq(value: string): FilterCall }) =>
      ["a", "b", "c", "d", "e"].filter((key) => matches(of(key).eq("x"), given)).join("");
    expect(found(attr)).toBe("ab");
    expect(found(span.attr)).toBe("a");
    expect(found(resource.attr)).toBe("b");
    expect(found(scope.attr)).toBe("c");
    expect(found(event.attr)).toBe("d");
    expect(found(link.attr)).toBe("e");
  });

  it("are not those of duplicate keys: the first counts, as in Go", () => {
    const attributes = [
      { key: "k", value: anyValue("first") },
      { key: "k", value: anyValue("second") },
    ];
    expect(matches(k.eq("first"), { attributes })).toBe(true);
    expect(matches(k.eq("second"), { attributes })).toBe(false);
  });
});

describe("constants", () => {
  const stored: Attributes = {
    int: 500n,
    double: 500,
    text: "500",
    bool: true,
    word: "true",
    bytes: { bytesValue: new Uint8Array([1, 2]) },
    list: { arrayValue: { values: [anyValue(1n), anyValue("a")] } },
    map: { kvlistValue: { values: [{ key: "a", value: anyValue(1.5) }] } },
    empty: {},
    blank: "",
  };
  const equal = (constant: Parameters<typeof k.eq>[0]) =>
    Object.keys(stored)
      .filter((key) => matches(span.attr(key).eq(constant), { attributes: stored }))
      .join(" ");

  it("with a type equal stored values of that type alone", () => {
    expect(equal(500)).toBe("int");
    expect(equal(literal("500.0", "double"))).toBe("double");
    expect(equal(text("500"))).toBe("text");
    expect(equal(true)).toBe("bool");
    expect(equal(text("true"))).toBe("word");
    expect(equal(text(""))).toBe("blank");
  });

  it("without a type equal the text form of any value", () => {
    expect(equal("500")).toBe("int double text");
    expect(equal("500.0")).toBe("");
    expect(equal("true")).toBe("bool word");
    expect(equal("AQI=")).toBe("bytes");
    expect(equal('[1,"a"]')).toBe("list");
    expect(equal('{"a":1.5}')).toBe("map");
    expect(equal("")).toBe("empty blank");
  });

  it("are members of a list by the same equality", () => {
    const members = (list: Parameters<typeof k.in>) =>
      Object.keys(stored)
        .filter((key) => matches(span.attr(key).in(...list), { attributes: stored }))
        .join(" ");
    expect(members([[1, 500]])).toBe("int");
    expect(members([[1, 500], "double"])).toBe("double");
    expect(members([["500", "true"]])).toBe("text word");
    expect(members([[false, true]])).toBe("bool");
  });

  it("are exact beyond a double's precision", () => {
    const large = 2n ** 53n + 1n;
    expect(matches(k.eq(large), { attributes: { k: large } })).toBe(true);
    expect(matches(k.eq(large), { attributes: { k: large - 1n } })).toBe(false);
    expect(matches(k.gt(literal("9007199254740992", "double")), { attributes: { k: large } })).toBe(true);
    expect(matches(k.gt(literal("9007199254740992", "double")), { attributes: { k: large - 1n } })).toBe(
      false,
    );
  });
});

describe("order", () => {
  const ordered = (filter: (field: typeof k) => FilterCall, stored: Value) =>
    matches(filter(k), { attributes: { k: stored } });

  it("compares numbers with numbers, ints and doubles together", () => {
    for (const nine of [9n, 9]) {
      expect(ordered((field) => field.lt(500), nine)).toBe(true);
      expect(ordered((field) => field.gt(8.5), nine)).toBe(true);
      expect(ordered((field) => field.gte(9), nine)).toBe(true);
      expect(ordered((field) => field.lte(literal("9", "double")), nine)).toBe(true);
      expect(ordered((field) => field.gt(9), nine)).toBe(false);
    }
    expect(ordered((field) => field.gt(500), "9")).toBe(false);
    expect(ordered((field) => field.gte(0), true)).toBe(false);
  });

  it("compares text with text by code point", () => {
    expect(ordered((field) => field.gt(text("500")), "9")).toBe(true);
    expect(ordered((field) => field.gt(text("500")), 900n)).toBe(false);
    expect(ordered((field) => field.gt("\uffff"), "\u{10000}")).toBe(true);
    expect(ordered((field) => field.lt("B"), "a")).toBe(false);
    expect(ordered((field) => field.lte("ab"), "a")).toBe(true);
  });

  it("takes an untyped constant as a number beside numbers and as text beside strings", () => {
    expect(ordered((field) => field.gt("500"), 9n)).toBe(false);
    expect(ordered((field) => field.gt("500"), 900.5)).toBe(true);
    expect(ordered((field) => field.gt("500"), "9")).toBe(true);
    expect(ordered((field) => field.gt("5e2"), 501n)).toBe(true);
    expect(ordered((field) => field.gt("banana"), 900n)).toBe(false);
    expect(ordered((field) => field.gt("banana"), "cherry")).toBe(true);
  });

  it("excludes NaN", () => {
    for (const filter of [k.gt(0), k.lte(0), k.eq(Number.NaN), k.gte(Number.NaN), k.lt("NaN")]) {
      expect(matches(filter, { attributes: { k: Number.NaN } }), filter.op).toBe(false);
    }
    expect(matches(k.ne(Number.NaN), { attributes: { k: Number.NaN } })).toBe(true);
  });

  it("is that of durations and instants for fields, with signs", () => {
    expectApart(span.duration.gte("2us"), {}, { endTimeUnixNano: 2999n });
    expectApart(span.duration.lt("0s"), { endTimeUnixNano: 999n }, { endTimeUnixNano: 1000n });
    expectApart(span.startTime.gt(new Date(0)), {}, { startTimeUnixNano: 0n });
    expectApart(span.endTime.eq(3000n), {}, { endTimeUnixNano: 3001n });
    expectApart(span.name.gt("GET"), {}, { name: "GEM" });
    expect(matches(span.startTime.gte("1969-12-31T23:59:59Z"), { startTimeUnixNano: 0n })).toBe(true);
    expect(matches(span.endTime.gt(2n ** 63n), { endTimeUnixNano: 2n ** 64n - 1n })).toBe(true);
  });
});

describe("fields", () => {
  it("are compared by content", () => {
    expectApart(span.kind.eq("server"), { kind: 2 }, { kind: 3 });
    expectApart(span.kind.in(["unspecified", "client"]), {}, { kind: 5 });
    expectApart(span.status.notIn(["ok", "error"]), {}, { status: { code: 2 } });
    expectApart(span.status.ne("error"), { status: { code: 1 } }, { status: { code: 2 } });
    expectApart(span.traceID.eq("000102030405060708090a0b0c0d0e0f"), {}, { traceId: "f".repeat(32) });
    expectApart(span.spanID.in(["0001020304050607"]), {}, { spanId: "f".repeat(16) });
    expectApart(resource.service.eq("cart"), { resource: { "service.name": "cart" } }, {});
    expectApart(scope.version.lt("2"), { scope: { version: "1.9" } }, { scope: { version: "2" } });
    expectApart(
      link.spanID.eq("aaaaaaaaaaaaaaaa"),
      { links: [{}, { spanId: "aaaaaaaaaaaaaaaa" }] },
      { links: [{}] },
    );
    expectApart(event.timeSinceStart.lt("0s"), { events: [{ at: 999n }] }, { events: [{ at: 1000n }] });
  });

  it("of events and links exist when one of them exists", () => {
    for (const field of [event.name, event.time, event.timeSinceStart]) {
      expectApart(field.exists(), { events: [{}] }, { links: [{}] });
    }
    for (const field of [link.traceID, link.spanID, link.traceState]) {
      expectApart(field.exists(), { links: [{}] }, { events: [{}] });
    }
    expect(matches(link.traceState.ne("a=b"), { links: [{}] })).toBe(true);
  });

  it("exist as attributes with any value", () => {
    for (const value of ["", {}, false, 0n] satisfies Value[]) {
      expect(matches(k.exists(), { attributes: { k: value } })).toBe(true);
    }
  });
});

describe("regex", () => {
  it("matches anywhere, is case-sensitive and reads the text of strings, numbers and booleans", () => {
    const found = (pattern: string, value: Value) => matches(k.regex(pattern), { attributes: { k: value } });
    expect(found("b.d", "abcde")).toBe(true);
    expect(found("B", "abc")).toBe(false);
    expect(found("50[0-4]", 503n)).toBe(true);
    expect(found("1\\.5", 1.5)).toBe(true);
    expect(found("ru", true)).toBe(true);
    expect(found("a.b", "a\nb")).toBe(false);
    expect(found("", "")).toBe(true);
    expect(found("..", "😀")).toBe(false);
    for (const value of [
      { bytesValue: new Uint8Array([1]) },
      { arrayValue: { values: [anyValue("a")] } },
      { kvlistValue: { values: [] } },
      {},
    ] satisfies AnyValue[]) {
      expect(found("", value)).toBe(false);
    }
  });

  it("reads the words of kinds and statuses", () => {
    expectApart(span.kind.regex("produ|consu"), { kind: 4 }, { kind: 3 });
    expectApart(span.status.regex("un"), {}, { status: { code: 1 } });
    expectApart(span.name.regex("/c.rt"), {}, { name: "GET" });
  });

  it("answers a pattern that would make JavaScript's engine backtrack", () => {
    expect(matches(k.regex("(a+)+b"), { attributes: { k: "a".repeat(20_000) } })).toBe(false);
  });
});

describe("some", () => {
  const given: Given = {
    attributes: { k: "span" },
    events: [
      { name: "exception", at: 1010n, attributes: { type: "Timeout" } },
      { name: "retry", at: 2000n, attributes: { type: "Other" } },
    ],
    links: [{ spanId: "aaaaaaaaaaaaaaaa" }, { spanId: "bbbbbbbbbbbbbbbb", traceState: "b" }],
  };

  it("binds one element, where a bare conjunction may take two", () => {
    const retryTimeout = and(event.name.eq("retry"), event.attr("type").eq("Timeout"));
    expect(matches(retryTimeout, given)).toBe(true);
    expect(matches(some(event, retryTimeout), given)).toBe(false);
    expect(matches(some(event, and(event.name.eq("retry"), event.timeSinceStart.gte("1us"))), given)).toBe(
      true,
    );
  });

  it("leaves other levels to the span and to any element", () => {
    expect(matches(some(event, and(event.name.eq("retry"), span.attr("k").eq("span"))), given)).toBe(true);
    expect(
      matches(some(event, and(link.spanID.eq("aaaaaaaaaaaaaaaa"), link.traceState.eq("b"))), given),
    ).toBe(true);
    const oneLink = some(link, and(link.spanID.eq("aaaaaaaaaaaaaaaa"), link.traceState.eq("b")));
    expect(matches(some(event, oneLink), given)).toBe(false);
  });

  it("keeps the outer element bound inside an inner some", () => {
    const both = some(event, and(event.name.eq("retry"), some(link, event.attr("type").eq("Timeout"))));
    expect(matches(both, given)).toBe(false);
    expect(matches(some(event, some(link, event.attr("type").eq("Timeout"))), given)).toBe(true);
    const linkWithin = (state: string) =>
      some(link, and(link.spanID.eq("bbbbbbbbbbbbbbbb"), some(event, link.traceState.eq(state))));
    expect(matches(linkWithin("b"), given)).toBe(true);
    expect(matches(linkWithin(""), given)).toBe(false);
  });

  it("negates on the one element", () => {
    expect(matches(some(event, not(event.name.eq("retry"))), given)).toBe(true);
    expect(matches(some(event, event.attr("missing").ne("x")), given)).toBe(false);
    expect(matches(every(event, event.attr("type").exists()), given)).toBe(true);
    expect(matches(every(event, event.name.eq("retry")), given)).toBe(false);
    expect(matches(every(event, event.name.eq("retry")), {})).toBe(true);
    expect(matches(some(link, link.traceState.exists()), given)).toBe(true);
  });
});

describe("words", () => {
  const inText = (filter: FilterCall, value: Value) => matches(filter, { attributes: { k: value } });

  it("are adjacent and in order in a phrase", () => {
    const phrase = k.phrase("deadline", "Exceeded");
    expect(inText(phrase, "rpc error: DEADLINE\texceeded!")).toBe(true);
    expect(inText(phrase, "deadline-exceeded")).toBe(true);
    expect(inText(phrase, "exceeded deadline")).toBe(false);
    expect(inText(phrase, "deadline was exceeded")).toBe(false);
    expect(inText(phrase, "the deadline")).toBe(false);
    expect(inText(k.phrase("a", "a", "b"), "a a a b")).toBe(true);
  });

  it("are anywhere in a full text", () => {
    const fulltext = k.fulltext("timeout", "db");
    expect(inText(fulltext, "db: connection timeout")).toBe(true);
    expect(inText(fulltext, "db: connection time out")).toBe(false);
    expect(inText(fulltext, "dbs timeout")).toBe(false);
  });

  it("are runs of letters, digits and marks, folded", () => {
    expect(inText(k.fulltext("straße"), "STRASSE 5")).toBe(true);
    expect(inText(k.fulltext("οδος"), "ΟΔΟΣ")).toBe(true);
    expect(inText(k.fulltext("cafe\u0301"), "un CAFE\u0301!")).toBe(true);
    expect(inText(k.fulltext("cafe"), "un cafe\u0301")).toBe(false);
    expect(inText(k.fulltext("b2"), "a_b2_c")).toBe(true);
    expect(inText(k.fulltext("日本"), "日本 語")).toBe(true);
  });

  it("stand in one string value", () => {
    expect(inText(k.fulltext("500"), 500n)).toBe(false);
    const both = { attributes: { k: "alpha" }, resource: { k: "beta" } };
    expect(matches(attr("k").fulltext("alpha"), both)).toBe(true);
    expect(matches(attr("k").fulltext("alpha", "beta"), both)).toBe(false);
  });
});

describe("two references", () => {
  it("compare within one domain", () => {
    expectApart(span.startTime.lt(span.endTime), {}, { endTimeUnixNano: 1000n });
    expectApart(span.startTime.lt(event.time), { events: [{}, { at: 1001n }] }, { events: [{}] });
    expectApart(
      span.duration.gt(event.timeSinceStart),
      { events: [{ at: 2999n }] },
      { events: [{ at: 3000n }] },
    );
    const pair = (a: Value, b: Value): Given => ({ attributes: { a, b } });
    const a = span.attr("a");
    const b = span.attr("b");
    expectApart(a.eq(b), pair(5n, 5), pair(5n, "5"));
    expectApart(a.ne(b), pair(5n, "5"), pair("5", "5"));
    expectApart(a.gt(b), pair(10n, 9.5), pair("10", "9"));
    expectApart(a.lt(b), pair("10", "9"), pair("10", 11n));
    expectApart(a.eq(b), pair(true, true), pair(true, "true"));
    const bytes = (...of: number[]): AnyValue => ({ bytesValue: new Uint8Array(of) });
    expectApart(a.eq(b), pair(bytes(1), bytes(1)), pair(bytes(1), bytes(2)));
    expect(matches(a.gte(b), pair(true, true))).toBe(false);
    expect(matches(a.lte(b), pair(bytes(1), bytes(1)))).toBe(false);
    expect(matches(a.eq(b), pair(Number.NaN, Number.NaN))).toBe(false);
  });

  it("read a field's text beside an attribute", () => {
    expectApart(span.name.eq(k), { attributes: { k: "GET /cart" } }, { attributes: { k: "get /cart" } });
    expectApart(
      k.eq(span.kind),
      { kind: 2, attributes: { k: "server" } },
      { kind: 2, attributes: { k: 2n } },
    );
    expectApart(link.traceID.ne(span.traceID), { links: [{}] }, {});
  });

  it("take any pair, or for ne no equal pair", () => {
    const given: Given = {
      attributes: { k: 2n },
      events: [{ attributes: { k: 1n } }, { attributes: { k: 2n } }],
    };
    expect(matches(k.eq(event.attr("k")), given)).toBe(true);
    expect(matches(k.gt(event.attr("k")), given)).toBe(true);
    expect(matches(k.ne(event.attr("k")), given)).toBe(false);
    expect(matches(some(event, k.ne(event.attr("k"))), given)).toBe(true);
  });
});

describe("combination", () => {
  it("of nothing is true for and, false for or", () => {
    const nothing: Predicate = { op: "and", args: [] };
    expect(compilePredicate(nothing)(view())).toBe(true);
    expect(compilePredicate({ op: "or", args: [] })(view())).toBe(false);
    expect(compilePredicate({ op: "not", arg: nothing })(view())).toBe(false);
  });

  it("follows logic", () => {
    const [t, f] = [span.name.exists(), k.exists()];
    expect(matches(and(t, or(f, t), not(and(t, f))), {})).toBe(true);
    expect(matches(or(f, and(t, not(t))), {})).toBe(false);
  });

  it("answers for each resource when spans of several alternate", () => {
    const test = compilePredicate(resolveFilter(resource.service.eq("cart")));
    const cart = view({ resource: { "service.name": "cart" } });
    const shop = view({ resource: { "service.name": "shop" } });
    expect([cart, shop, cart, shop, shop, cart].map(test)).toEqual([true, false, true, false, false, true]);
  });
});
