import { describe, expect, it } from "vitest";
import {
  errorFromData,
  errorToData,
  isSpanStoreError,
  type SpanStoreError,
} from "../../src/errors/errors.js";
import { parseTraceQl } from "../../src/query/traceql/parse-traceql.js";

function errorOf(text: string, path?: string): SpanStoreError {
  try {
    parseTraceQl(text, path);
  } catch (error) {
    if (isSpanStoreError(error)) return error;
    throw error;
  }
  throw new Error(`${text} is no error`);
}

const deep = (open: string, close: string, depth: number): string =>
  `{ ${open.repeat(depth)}.a${close.repeat(depth)} }`;

const wrong: Readonly<Record<string, readonly string[]>> = {
  braces: [
    "",
    "   ",
    "name = 5",
    '"a"',
    "{",
    "{ .a = 1",
    "{ .a = 1 } }",
    "{} .a",
    "({ .a = 1 })",
    "{ .a = 1 } // ok\n x",
  ],
  "what is between": [
    "{ && }",
    "{ .a = }",
    "{ .a = 1 .b = 2 }",
    "{ .a = 1 && }",
    "{ (.a = 1 }",
    "{ .a = 1) }",
    "{ .a == 1 }",
    "{ .a = 1 = 2 }",
    "{ .a = .b = .c }",
    "{ (.a = 1) = true }",
    "{ .a = (.b = 1) }",
    "{ .a = !.b }",
    '{ !name = "a" }',
    "{ name }",
    "{ 5 && .a }",
    "{ -.a = 1 }",
    "{ nil }",
    "{ nil = nil }",
    "{ .a > nil }",
    "{ 5 = nil }",
  ],
  words: [
    "{ a = 1 }",
    "{ http.method = 1 }",
    "{ scope.a = 1 }",
    "{ .a = 1 and .b = 2 }",
    "{ NOT .a }",
    "{ .a = null }",
    "{ .a = error }",
    '{ kind = "server" }',
    "{ status = server }",
    "{ status = 2 }",
    "{ span:foo = 1 }",
    "{ trace:name = 1 }",
    "{ span: = 1 }",
    "{ span. = 1 }",
    "{ . = 1 }",
    '{ ."" = 1 }',
  ],
  constants: [
    "{ name = 'a' }",
    '{ name = "a }',
    '{ name = "a\n" }',
    "{ name = `a }",
    '{ name = "a\\qb" }',
    '{ name = "\\ud800" }',
    '{ name = "\\xff" }',
    '{ ."a\\n" = 1 }',
    "{ name = 5 }",
    "{ duration > 5 }",
    "{ .a > 5ms }",
    "{ .a > 5x }",
    "{ .a > 0x1F }",
    "{ .a > 1_000 }",
    "{ duration > 99999999999h }",
    "{ .a = 9223372036854775808 }",
    "{ .a = 1e999 }",
    "{ 1s < 2s }",
    '{ 1 = "a" }',
    "{ .a > true }",
    "{ status > error }",
    "{ duration = .a }",
    "{ name = duration }",
    "{ .a # 1 }",
    "{ .a & .b }",
    "{ .a | .b }",
    "{ .a = 1 /* }",
  ],
  patterns: [
    '{ name =~ "(a" }',
    '{ name =~ "^a" }',
    '{ name =~ "a$|b" }',
    '{ name =~ "(?i)a" }',
    '{ name =~ "a+?" }',
    "{ name =~ `\\bword` }",
    "{ name =~ `.*(?-s:\\Qa).*` }",
    "{ name =~ `a)|(?:b` }",
    '{ name =~ "(a{1000}){6}" }',
    '{ duration =~ "a" }',
    "{ name =~ 5 }",
    "{ name =~ .a }",
    '{ "a" =~ name }',
  ],
  functions: [
    "{ in }",
    "{ in() }",
    "{ in(.a) }",
    "{ in(.a, ) }",
    "{ in(.a, .b) }",
    "{ in(5, 5) }",
    '{ in(.a, 1, 2.5, "a") }',
    "{ in(kind, server, error) }",
    "{ in(.a, 1 }",
    '{ phrase(name, "a") }',
    '{ phrase(.a, "a", "b") }',
    '{ words(.a, "...") }',
    "{ words(.a, 5) }",
    `{ words(.a, "${"x".repeat(256)}") }`,
    "{ some }",
    "{ some(span, .a) }",
    "{ some(event) }",
    "{ some(event, ) }",
    "{ some(event, duration > 1s) }",
    "{ some(event, some(event, .a)) }",
    "{ some(event, name) }",
  ],
  "what TraceQL has beyond": [
    "{ .a } | count() > 2",
    "{ .a } | by(resource.service.name)",
    "{ .a } && { .b }",
    "{ .a } || { .b }",
    "{ .a } >> { .b }",
    "{ .a } > { .b }",
    "{ .a } < { .b }",
    "{ .a } << { .b }",
    "{ .a } ~ { .b }",
    "{ .a } !>> { .b }",
    "{ .a } !~ { .b }",
    "{ .a } &>> { .b }",
    "{ .a } { .b }",
    "{ .a } with(most_recent=true)",
    "count() > 2",
    "by(.a) | { .b }",
    "select(.a)",
    "rate()",
    "{ .a > count() }",
    "{ traceDuration > 1s }",
    "{ trace:duration > 1s }",
    '{ rootName = "a" }',
    '{ trace:rootService = "a" }',
    "{ span:childCount > 1 }",
    "{ nestedSetParent < 0 }",
    "{ parent = nil }",
    "{ parent.a = 1 }",
    "{ .a + 1 = 2 }",
    "{ duration > 2 * 1s }",
    "{ .a ^ 2 = 4 }",
    "{ .a >> .b }",
  ],
  depth: [deep("(", ")", 65), deep("!", "", 65), deep("!(", ")", 30), `{ ${".a && .b || ".repeat(20)}.c }`],
  lines: [
    "{\n  .a = 1 &&\n\t.b = \u00e9 }",
    `{ ${".a = 1 && ".repeat(20)}.b == 2 && ${".c = 1 && ".repeat(20)}.d }`,
    "{ .\u{1f600} = 1 && \u001b[31m }",
  ],
};

describe.each(Object.entries(wrong))("%s", (_name, texts) => {
  it.each(texts)("%j", (text) => {
    const { code, message, hint, position } = errorOf(text);
    expect(`${code}\n${message}\n  ${hint}`).toMatchSnapshot();
    expect(hint).toBeDefined();
    const { offset, length, line, column } = position ?? { offset: -1, length: -1, line: 0, column: 0 };
    expect(offset).toBeGreaterThanOrEqual(0);
    expect(offset + length).toBeLessThanOrEqual(text.length);
    expect(message).toContain(`filter, line ${line}, column ${column}: `);
  });
});

describe("an error of a text", () => {
  it("names the text, counts lines and columns, and marks the place", () => {
    const error = errorOf("{\r\n \u{1f600}", "q");
    expect(error).toMatchObject({
      code: "INVALID_QUERY",
      field: "q",
      position: { offset: 4, length: 2, line: 2, column: 2 },
    });
    expect(error.message).toBe('q, line 2, column 2: nothing begins with "\u{1f600}"\n   \u{1f600}\n   ^');
  });

  it("keeps its position on its way between threads", () => {
    const error = errorOf("{ .a = }");
    expect(errorFromData(structuredClone(errorToData(error))).position).toEqual(error.position);
  });

  it("names the part that resolveFilter refuses", () => {
    const place = (text: string): string => {
      const { offset, length } = errorOf(text).position as { offset: number; length: number };
      return text.slice(offset, offset + length);
    };
    expect(place("{ .a = 1 && (.b || status > error) }")).toBe("status");
    expect(place("{ .a = 1 && name = duration }")).toBe("name = duration");
    expect(place("{ !(.a > true) }")).toBe("true");
    expect(place("{ in(kind, server, ok, client) }")).toBe("ok");
    expect(place("{ some(event, .a && some(event, .b)) }")).toBe("some(event, .b)");
    expect(place(`{ .a && words(.b, "c ${"x".repeat(256)}") }`)).toContain("xxx");
  });

  it("is one for what is no text", () => {
    expect(() => parseTraceQl(5 as unknown as string)).toThrow(
      expect.objectContaining({ code: "INVALID_QUERY", field: "filter" }),
    );
  });
});
