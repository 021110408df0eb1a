import { describe, expect, it } from "vitest";
import { encodeTraces } from "../../src/otlp/encode.js";
import { spansOf } from "../../src/otlp/groups.js";
import {
  and,
  attr,
  event,
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
import { compilePredicate } from "../../src/query/filter/match/matcher.js";
import { resolveFilter } from "../../src/query/filter/resolve/resolve.js";
import { formatTraceQl } from "../../src/query/traceql/format.js";
import { parseTraceQl } from "../../src/query/traceql/parse-traceql.js";
import { tracesOf } from "../../src/testing/spans.js";

/** Texts from TraceQL's documentation and our own table, with the same filters from the builder. */

const text = (value: string) => literal(value, "string");
const whole = (pattern: string): string => `^(?s:${pattern})$`;
const some5xx = span.attr("http.response.status_code").gte(500);

const rows: Readonly<Record<string, readonly [text: string, filter: FilterCall][]>> = {
  "our examples": [
    [
      '{ resource.service.name = "checkout" && duration > 500ms && span.http.response.status_code >= 500 }',
      and(resource.service.eq("checkout"), span.duration.gt("500ms"), some5xx),
    ],
    [
      '{ status = error && !(name =~ "GET /health.*") }',
      and(span.status.eq("error"), not(span.name.regex(whole("GET /health.*")))),
    ],
    [
      '{ event.exception.type != nil || link:traceID = "5b8aa5a2d2c872e8321cf37308d69df2" }',
      or(event.attr("exception.type").exists(), link.traceID.eq("5b8aa5a2d2c872e8321cf37308d69df2")),
    ],
    [
      '{ some(event, name = "exception" && .exception.type = "Timeout") && words(event.message, "card declined") }',
      and(
        some(event, and(event.name.eq("exception"), event.attr("exception.type").eq(text("Timeout")))),
        event.attr("message").fulltext("card", "declined"),
      ),
    ],
  ],
  "attributes without a level": [
    [".key = 1", attr("key").eq(1)],
    ['."odd key" = 1', attr("odd key").eq(1)],
    ['."say \\"hi\\" \\\\" = 1', attr('say "hi" \\').eq(1)],
    ['.attribute."with space".end = 1', attr("attribute.with space.end").eq(1)],
    ['."line\nbreak" = 1', attr("line\nbreak").eq(1)],
    [".foo-bar+baz/2*3:x[0]#%?@ = 1", attr("foo-bar+baz/2*3:x[0]#%?@").eq(1)],
    [".span.x = 1", attr("span.x").eq(1)],
    [".count = 1", attr("count").eq(1)],
    [".\u043a\u043b\u044e\u0447=1", attr("\u043a\u043b\u044e\u0447").eq(1)],
  ],
  "attributes at a level": [
    ["span.key = 1", span.attr("key").eq(1)],
    ["resource.key = 1", resource.attr("key").eq(1)],
    ["event.key = 1", event.attr("key").eq(1)],
    ["link.key = 1", link.attr("key").eq(1)],
    ["instrumentation.key = 1", scope.attr("key").eq(1)],
    ["span.resource.key = 1", span.attr("resource.key").eq(1)],
    ["span.5xx = 1", span.attr("5xx").eq(1)],
    ['span."odd = key" = 1', span.attr("odd = key").eq(1)],
    ["event.name = 1", event.attr("name").eq(1)],
  ],
  "the service": [
    ['resource.service.name = "a"', resource.service.eq("a")],
    ['resource."service.name" = "a"', resource.service.eq("a")],
    [
      '"a" != resource.service.name',
      { op: "ne", args: [{ scalar: { value: "a" } }, resource.service.expression] },
    ],
    ['resource.service.name =~ "a.*"', resource.service.regex(whole("a.*"))],
    ['in(resource.service.name, "a", "b")', resource.service.in(["a", "b"])],
    ["resource.service.name = 5", resource.attr("service.name").eq(5)],
    ["resource.service.name != nil", resource.attr("service.name").exists()],
    ['.service.name = "a"', attr("service.name").eq(text("a"))],
  ],
  "fields of the span": [
    ['name = "a"', span.name.eq("a")],
    ["kind = server", span.kind.eq("server")],
    ["status = error", span.status.eq("error")],
    ['statusMessage = "a"', span.statusMessage.eq("a")],
    ["duration > 1s", span.duration.gt("1s")],
    ['span:name = "a"', span.name.eq("a")],
    ["span:kind != client", span.kind.ne("client")],
    ["span:status = unset", span.status.eq("unset")],
    ['span:statusMessage = "a"', span.statusMessage.eq("a")],
    ["span:duration <= 1s", span.duration.lte("1s")],
    ['span:id = "0000000000000001"', span.spanID.eq("0000000000000001")],
    ['span:parentID = "0000000000000001"', span.parentSpanID.eq("0000000000000001")],
    ['trace:id = "00000000000000000000000000000001"', span.traceID.eq("00000000000000000000000000000001")],
    ['span: name = "a"', span.name.eq("a")],
  ],
  "fields of the other levels": [
    ['event:name = "a"', event.name.eq("a")],
    ["event:timeSinceStart > -2ms", event.timeSinceStart.gt("-2ms")],
    ['link:traceID = "a"', link.traceID.eq("a")],
    ['link:spanID = "a"', link.spanID.eq("a")],
    ['instrumentation:name = "a"', scope.name.eq("a")],
    ['instrumentation:version = "a"', scope.version.eq("a")],
  ],
  comparisons: [
    [".a = 1", attr("a").eq(1)],
    [".a != 1", attr("a").ne(1)],
    [".a > 1", attr("a").gt(1)],
    [".a >= 1", attr("a").gte(1)],
    [".a < 1", attr("a").lt(1)],
    [".a <= 1", attr("a").lte(1)],
    [".a=1", attr("a").eq(1)],
    [".a>-1", attr("a").gt(-1)],
    ["1 < .a", { op: "lt", args: [{ scalar: { value: "1", type: "int" } }, attr("a").expression] }],
    [".a = .b", attr("a").eq(attr("b"))],
    ["name = span.a", span.name.eq(span.attr("a"))],
    ["event:timeSinceStart > duration", event.timeSinceStart.gt(span.duration)],
    ["(.a) = ((1))", attr("a").eq(1)],
  ],
  patterns: [
    ['.a =~ "a|b"', attr("a").regex(whole("a|b"))],
    ['.a !~ "a|b"', and(attr("a").exists(), not(attr("a").regex(whole("a|b"))))],
    ['kind =~ "s.*"', span.kind.regex(whole("s.*"))],
    ['.a =~ ".*b.*"', attr("a").regex("b")],
    ['.a =~ ".*(?-s:b.c).*"', attr("a").regex("b.c")],
    ['.a =~ ".*b.c.*"', attr("a").regex(whole(".*b.c.*"))],
    [".a =~ `\\d+`", attr("a").regex(whole("\\d+"))],
    ['.a =~ "\\\\Qa"', attr("a").regex(whole("\\Qa\\E"))],
  ],
  nil: [
    [".a = nil", not(attr("a").exists())],
    [".a != nil", attr("a").exists()],
    ["nil = .a", not(attr("a").exists())],
    ["span:parentID = nil", not(span.parentSpanID.exists())],
    ["event:name != nil", event.name.exists()],
  ],
  "and, or, not": [
    [".a = 1 && .b = 2 && .c = 3", and(attr("a").eq(1), attr("b").eq(2), attr("c").eq(3))],
    [".a = 1 || .b = 2 || .c = 3", or(attr("a").eq(1), attr("b").eq(2), attr("c").eq(3))],
    ["(.a = 1 && .b = 2) && .c = 3", and(and(attr("a").eq(1), attr("b").eq(2)), attr("c").eq(3))],
    // As in Tempo's grammar, both have equal precedence and associate to the left.
    [".a = 1 || .b = 2 && .c = 3", and(or(attr("a").eq(1), attr("b").eq(2)), attr("c").eq(3))],
    [".a = 1 && .b = 2 || .c = 3", or(and(attr("a").eq(1), attr("b").eq(2)), attr("c").eq(3))],
    [".a = 1 || (.b = 2 && .c = 3)", or(attr("a").eq(1), and(attr("b").eq(2), attr("c").eq(3)))],
    ["!(.a = 1)", not(attr("a").eq(1))],
    ["!!(.a = 1)", not(not(attr("a").eq(1)))],
    ["!.a && .b", and(not(attr("a").eq(true)), attr("b").eq(true))],
    ["!in(.a, 1)", not(attr("a").in([1]))],
  ],
  constants: [
    ['.a = "text"', attr("a").eq(text("text"))],
    ['.a = `raw \\n "text"`', attr("a").eq(text('raw \\n "text"'))],
    [".a = `one\r\ntwo`", attr("a").eq(text("one\ntwo"))],
    ['.a = "\\a\\b\\f\\n\\r\\t\\v\\\\\\""', attr("a").eq(text('\x07\b\f\n\r\t\v\\"'))],
    [
      '.a = "\\x41\\101\\u00e9\\U0001F600\\xc3\\xa9\\303\\251"',
      attr("a").eq(text("AA\u00e9\u{1f600}\u00e9\u00e9")),
    ],
    [".a = 12", attr("a").eq(12)],
    [".a = -12", attr("a").eq(-12)],
    [".a = 1.5", attr("a").eq(1.5)],
    [".a = .5", attr("a").eq(literal(".5", "double"))],
    [".a = 1e9", attr("a").eq(literal("1e9", "double"))],
    [".a = 2.0", attr("a").eq(literal("2.0", "double"))],
    [".a = minInt", attr("a").eq(-(2n ** 63n))],
    [".a = maxInt", attr("a").eq(2n ** 63n - 1n)],
    [".a = -9223372036854775808", attr("a").eq(-(2n ** 63n))],
    [".a = true", attr("a").eq(true)],
    [".a", attr("a").eq(true)],
    ["duration > 1h15m30.918273645s", span.duration.gt("1h15m30.918273645s")],
    ["duration > 10\u00b5s", span.duration.gt("10\u00b5s")],
    ["duration > .5s", span.duration.gt(".5s")],
    ["duration > 1d", span.duration.gt("24h")],
    ["duration > 1y2w3d4h", span.duration.gt(`${(365 + 14 + 3) * 24}h4h`)],
    ["duration > -1s", span.duration.gt("-1s")],
    [
      "true",
      {
        op: "eq",
        args: [{ scalar: { value: "true", type: "bool" } }, { scalar: { value: "true", type: "bool" } }],
      },
    ],
    [
      "1 = 2",
      { op: "eq", args: [{ scalar: { value: "1", type: "int" } }, { scalar: { value: "2", type: "int" } }] },
    ],
  ],
  "beyond TraceQL": [
    ['in(.a, "a", "b")', attr("a").in(["a", "b"])],
    ["in(.a, 1, 2)", attr("a").in([1, 2])],
    ["in(.a, 1, 2.5)", attr("a").in([1, 2.5])],
    ["in(.a, true)", attr("a").in([true])],
    ["in(kind, server, client)", span.kind.in(["server", "client"])],
    ["in(duration, 1s, 2s)", span.duration.in(["1s", "2s"])],
    ['not_in(.a, "a")', attr("a").notIn(["a"])],
    ['phrase(.a, "a b")', attr("a").phrase("a", "b")],
    ['words(.a, "b, a!")', attr("a").fulltext("b", "a")],
    ["some(event, .k = 1)", some(event, event.attr("k").eq(1))],
    ["some(event, timeSinceStart > 1s)", some(event, event.timeSinceStart.gt("1s"))],
    ['some(event, span:name = "a")', some(event, span.name.eq("a"))],
    [
      "some(event, span.k = 1 && resource.k = 1)",
      some(event, and(span.attr("k").eq(1), resource.attr("k").eq(1))),
    ],
    [
      'some(link, traceID = "a" && spanID = "b" && .k)',
      some(link, and(link.traceID.eq("a"), link.spanID.eq("b"), link.attr("k").eq(true))),
    ],
    ["some(event, some(link, .k = event.k))", some(event, some(link, link.attr("k").eq(event.attr("k"))))],
  ],
  "comments and gaps": [
    ["\n\t.a = 1 // one\n && /* two\n lines */ .b = 2\u00a0", and(attr("a").eq(1), attr("b").eq(2))],
  ],
};

describe.each(Object.entries(rows))("%s", (_row, cases) => {
  it.each(cases)("%s", (given, filter) => {
    const parsed = parseTraceQl(given.startsWith("{") ? given : `{${given}}`);
    expect(parsed).toEqual(filter);
    expect(parseTraceQl(formatTraceQl(parsed))).toEqual(filter);
  });
});

describe("{}", () => {
  const spans = () =>
    spansOf(encodeTraces(tracesOf({ trace: 1 }, { trace: 2, service: "a", attributes: { k: 1 } })));
  it.each(["{}", "{ }", "{ true }", "\ufeff{}\n"])("%j is everything", (given) => {
    const holds = compilePredicate(resolveFilter(parseTraceQl(given)));
    expect([...spans()].map((each) => holds(each))).toEqual([true, true]);
    expect(formatTraceQl(parseTraceQl(given))).toBe("{}");
  });
  it("is nothing with false in it", () => {
    const holds = compilePredicate(resolveFilter(parseTraceQl("{ false }")));
    expect([...spans()].map((each) => holds(each))).toEqual([false, false]);
    expect(formatTraceQl(parseTraceQl("{ false }"))).toBe("{ false }");
  });
});

describe("=~", () => {
  const holdsOn = (given: string, value: string): boolean => {
    const [only] = [...spansOf(encodeTraces(tracesOf({ trace: 1, attributes: { k: value } })))];
    return compilePredicate(resolveFilter(parseTraceQl(given)))(only as NonNullable<typeof only>);
  };
  const cases: [pattern: string, matches: string[], doesNot: string[]][] = [
    ["a", ["a"], ["ab", "ba", "a\n", "\na", ""]],
    ["a|bc", ["a", "bc"], ["ac", "abc", "bca"]],
    ["", [""], ["a", "\n"]],
    ["a.b", ["a\nb", "a-b"], ["xa-b", "a-bx", "ab"]],
    [".*b.*", ["b", "abc", "a\nb\nc"], ["ac", ""]],
    [".*(?-s:a.b).*", ["xa-bx", "\na-b"], ["a\nb"]],
    ["(?:a)|(b)", ["a", "b"], ["ab"]],
    [".*a|b.*", ["xa", "bx", "a", "b"], ["xay", "xb", "c"]],
  ];
  it.each(cases)("matches the whole value with %j", (pattern, matches, doesNot) => {
    for (const value of matches) {
      expect(holdsOn(`{ .k =~ \`${pattern}\` }`, value), value).toBe(true);
      expect(holdsOn(`{ .k !~ \`${pattern}\` }`, value), value).toBe(false);
    }
    for (const value of doesNot) {
      expect(holdsOn(`{ .k =~ \`${pattern}\` }`, value), value).toBe(false);
      expect(holdsOn(`{ .k !~ \`${pattern}\` }`, value), value).toBe(true);
    }
    expect(holdsOn(`{ .absent !~ \`${pattern}\` }`, "a")).toBe(false);
  });

  it("is the one anchored form of a filter, and the pattern inside is valid by itself", () => {
    const regex = (value: string): FilterCall => ({
      op: "regex",
      args: [{ attr: { key: "k" } }, { scalar: { value } }],
    });
    expect(() => resolveFilter(regex("^(?s:a|b)$"))).not.toThrow();
    for (const pattern of [
      "^a$",
      "^(?:a)$",
      "^(?s:a)",
      "^(?s:a)|(?s:b)$",
      "^(?s:^a)$",
      "^(?s:(?i)a)$",
      "^(?s:a+?)$",
      "^(?s:\\Qa)$",
    ]) {
      expect(() => resolveFilter(regex(pattern)), pattern).toThrow(
        expect.objectContaining({ code: "INVALID_QUERY", field: "filter.args[1]" }),
      );
    }
  });
});
