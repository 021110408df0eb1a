import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { FilterCall, FilterExpression } from "../../src/query/filter/language/ast.js";
import type { TraceQlNames } from "../../src/query/traceql/candidates.js";
import { completeTraceQl, type TraceQlCompletion } from "../../src/query/traceql/complete.js";
import { formatTraceQl } from "../../src/query/traceql/format.js";
import { type Token, tokenAt } from "../../src/query/traceql/lexer.js";
import { canonicalFilter } from "./arbitrary-canonical.js";
import { mutatedText } from "./arbitrary-text.js";

const names: TraceQlNames = {
  keys: {
    span: ["http.method", "http.status_code", "odd key"],
    resource: ["service.name", "host.name"],
    event: ["exception.type"],
  },
  values: {
    name: ["GET /a", 'say "hi"'],
    "resource.service.name": ["cart", "checkout"],
    "span.http.method": ["GET", "POST"],
    "span.http.status_code": [200, 404n, 1.5, true],
    ".http.method": ["PUT"],
    duration: ["5ms"],
  },
};

/** Completes at the bar. */
function at(marked: string, known = names): TraceQlCompletion {
  return completeTraceQl(marked.replace("¦", ""), marked.indexOf("¦"), known);
}

const textsAt = (marked: string): string[] => at(marked).candidates.map(({ text }) => text);

/** The text with a candidate inserted. */
function taken(marked: string, candidate: string): string {
  const { from, to, candidates } = at(marked);
  expect(candidates.map(({ text }) => text)).toContain(candidate);
  const text = marked.replace("¦", "");
  return text.slice(0, from) + candidate + text.slice(to);
}

describe("completeTraceQl", () => {
  const exact: [marked: string, candidates: string[]][] = [
    ["¦", ["{"]],
    ["{ na¦", ["name"]],
    ["{ NA¦", ["name"]],
    ["{ stat¦", ["status", "statusMessage"]],
    ["{ status¦", ["status", "statusMessage"]],
    ["{ statusMessage¦", ["=", "!=", ">", ">=", "<", "<=", "=~", "!~"]],
    ["{ kind ¦", ["=", "!=", "=~", "!~"]],
    ["{ duration ¦", ["=", "!=", ">", ">=", "<", "<="]],
    ["{ 5 ¦", ["=", "!=", ">", ">=", "<", "<="]],
    ["{ nil ¦", ["=", "!="]],
    ["{ .a !¦", ["!=", "!~"]],
    ["{ kind = s¦", ["server"]],
    ["{ status != ¦", ["unset", "ok", "error", "nil"]],
    ["{ name = ¦", ['"GET /a"', '"say \\"hi\\""', "nil"]],
    ['{ name = "G¦', ['"GET /a"']],
    ["{ name = G¦", ['"GET /a"']],
    ["{ name =~ ¦", ['"GET /a"', '`say "hi"`']],
    ["{ duration > ¦", ["5ms"]],
    ["{ span.http.status_code = ¦", ["200", "404", "1.5", "true", "nil"]],
    ["{ .http.method = ¦", ['"PUT"', '"GET"', '"POST"', "nil"]],
    ["{ span.ht¦", ["span.http.method", "span.http.status_code"]],
    ["{ span.o¦", ['span."odd key"']],
    ['{ span."odd¦', ['span."odd key"']],
    ["{ http.m¦", ["span.http.method"]],
    ["{ .h¦", [".http.method", ".http.status_code", ".host.name"]],
    ["{ resource.s¦", ["resource.service.name"]],
    ["{ event:¦", ["event:name", "event:timeSinceStart"]],
    ["{ some(event, exc¦", ["event.exception.type"]],
    ["{ some(event, .¦", [".", ".exception.type"]],
    ["{ some(¦", ["event", "link"]],
    ["{ some(event¦", [","]],
    ["{ in(resource.service.name, c¦", ['"cart"', '"checkout"']],
    ["{ in(span.http.method, ¦", ['"GET"', '"POST"']],
    ['{ in(span.http.method, "GET"¦', [",", ")"]],
    ["{ phrase(.a, ¦", []],
    ["{ .a ¦", ["=", "!=", ">", ">=", "<", "<=", "=~", "!~", "&&", "||", "}"]],
    ["{ .a = 1 ¦", ["&&", "||", "}"]],
    ["{ (.a = 1 ¦", ["&&", "||", ")"]],
    ["{ .a &¦", ["&&"]],
    ["{ .a |¦", ["||"]],
    ["{ name = 'x' && na¦", []],
    ["{ .a + na¦", []],
    ["{} ¦", []],
    ["{ // na¦", []],
    ["{ /* na¦", []],
  ];
  it.each(exact)("offers at %s", (marked, candidates) => {
    expect(textsAt(marked)).toEqual(candidates);
  });

  it("offers fields, levels, known attributes and functions where a condition begins", () => {
    for (const marked of ["{¦", "{ ¦", "{ .a && ¦", "{ !¦", "{ (¦", "{ .a || !(¦"]) {
      expect(textsAt(marked)).toEqual(
        expect.arrayContaining([
          "name",
          "duration",
          "span.",
          ".",
          "span.http.method",
          "event.exception.type",
          "in(",
          "some(",
          "!",
          "(",
        ]),
      );
    }
    expect(textsAt("{ some(event, ¦")).toEqual(
      expect.arrayContaining(["name", "timeSinceStart", "span:name"]),
    );
    expect(textsAt("{ some(event, ¦")).not.toContain("duration");
    expect(textsAt("{ in(¦")).not.toContain("in(");
  });

  it("replaces the whole token at the offset", () => {
    expect(taken("{ na¦m = 1 }", "name")).toBe("{ name = 1 }");
    expect(taken("{ span.ht¦tp.x && .a }", "span.http.method")).toBe("{ span.http.method && .a }");
    expect(taken('{ name = "G¦ET" && .a }', '"GET /a"')).toBe('{ name = "GET /a" && .a }');
    // The closing quote is missing; the next quote belongs to another text.
    expect(taken('{ name = "G¦ && kind = "x" }', '"GET /a"')).toBe('{ name = "GET /a" && kind = "x" }');
    expect(taken("{ .a &¦ }", "&&")).toBe("{ .a && }");
    expect(taken("{ .a = 1¦", "&&")).toBe("{ .a = 1&&");
  });

  it("says which names it wants", () => {
    expect(at("{ span.ht¦", {}).wanted).toEqual({ what: "keys", levels: ["span"], prefix: "ht" });
    expect(at("{ instrumentation.¦", {}).wanted).toEqual({ what: "keys", levels: ["scope"], prefix: "" });
    expect(at("{ .ht¦", {}).wanted).toEqual({ what: "keys", levels: ["span", "resource"], prefix: "ht" });
    expect(at("{ some(link, .ht¦", {}).wanted).toEqual({ what: "keys", levels: ["link"], prefix: "ht" });
    expect(at("{ ht¦", {}).wanted).toEqual({
      what: "keys",
      levels: ["span", "resource", "scope", "event", "link"],
      prefix: "ht",
    });
    expect(at('{ resource.service.name = "c¦', {}).wanted).toEqual({
      what: "values",
      of: "resource.service.name",
      reference: { attr: { key: "service.name", level: "resource" } },
    });
    expect(at("{ some(event, name = ¦", {}).wanted).toEqual({
      what: "values",
      of: "event:name",
      reference: { field: { name: "name", level: "event" } },
    });
    expect(at("{ kind = ¦", {}).wanted).toBeUndefined();
    expect(at("{ .a = 1 ¦", {}).wanted).toBeUndefined();
  });

  it("treats names like __proto__ as plain names, and clamps offsets to the text", () => {
    const hostile = { keys: { span: ["__proto__"] }, values: JSON.parse('{"__proto__": ["a"]}') };
    expect(completeTraceQl("{ span.__p", 10, hostile).candidates).toEqual([
      { text: "span.__proto__", kind: "attribute" },
    ]);
    expect(completeTraceQl("{ constructor = ", 16, { values: {} }).candidates).toEqual([]);
    expect(completeTraceQl("{ na", 99).candidates).toEqual([{ text: "name", kind: "field" }]);
    expect(completeTraceQl("na", -5).candidates).toEqual([{ text: "{", kind: "punctuation" }]);
    expect(completeTraceQl("{ na", Number.NaN).candidates).toEqual([{ text: "{", kind: "punctuation" }]);
  });

  it("offers every token of a valid text at its place", () => {
    fc.assert(
      fc.property(canonicalFilter, (filter) => {
        const text = formatTraceQl(filter);
        const known = namesIn(filter);
        for (let token = tokenAt(text, 0); token.kind !== "end"; token = tokenAt(text, token.to)) {
          const shown = text.slice(token.from, token.to);
          if (!isOffered(token, text)) continue;
          // In place of a value, references are offered only after their first character.
          const head = isReference(token) ? text.slice(0, token.from + 1) : `${text.slice(0, token.from)} `;
          const { candidates } = completeTraceQl(head, head.length, known);
          const offered = candidates.map((each) => each.text);
          // A function is offered with its parenthesis.
          const isThere = offered.some((each) => each === shown || each === `${shown}(`);
          expect(isThere, `${shown} in ${text} among ${offered}`).toBe(true);
        }
      }),
    );
  });

  it("answers at any place of any text, and candidates are whole tokens", () => {
    fc.assert(
      fc.property(mutatedText, fc.nat(), (text, place) => {
        const offset = place % (text.length + 1);
        const { from, to, candidates } = completeTraceQl(text, offset, names);
        expect(from).toBeLessThanOrEqual(offset);
        expect(to).toBeGreaterThanOrEqual(offset);
        expect(to).toBeLessThanOrEqual(text.length);
        for (const { text: candidate, kind } of candidates) {
          if (kind === "level") continue;
          // As it is taken: no token before it reaches into it.
          const head = text.slice(0, from) + candidate;
          const starts: number[] = [];
          for (let token = tokenAt(head, 0); token.kind !== "end"; token = tokenAt(head, token.to))
            starts.push(token.from);
          expect(starts, `${head}`).toContain(from);
        }
      }),
      { numRuns: 1000 },
    );
  });
});

function isReference({ kind }: Token): boolean {
  return kind === "word" || kind === "attribute" || kind === "field";
}

/** Whether completion offers a token by itself. It offers no literals, and a function's parenthesis only with its name. */
function isOffered(token: Token, text: string): boolean {
  if (token.kind === "operator") return token.text !== "-";
  if (token.kind === "punctuation") return !(token.text === "(" && /\w\s*$/.test(text.slice(0, token.from)));
  return (
    token.kind !== "int" &&
    token.kind !== "double" &&
    token.kind !== "duration" &&
    token.kind !== "string" &&
    !isConstant(token)
  );
}

function isConstant(token: Token): boolean {
  return (
    token.kind === "word" &&
    /^(?:true|false|unset|ok|error|unspecified|internal|server|client|producer|consumer|nil)$/.test(
      token.text,
    )
  );
}

/** The keys in a filter. */
function namesIn(filter: FilterCall): TraceQlNames {
  const keys: Record<string, string[]> = { span: [], resource: [], scope: [], event: [], link: [] };
  const visit = (term: FilterExpression): void => {
    if ("attr" in term) keys[term.attr.level ?? "span"]?.push(term.attr.key);
    if ("call" in term) term.call.args.forEach(visit);
  };
  filter.args.forEach(visit);
  return { keys };
}
