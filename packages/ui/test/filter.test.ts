import { formatTraceQl, parseTraceQl } from "@spanstore/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { addCondition, conditionOf } from "../src/page/filter/conditions.js";
import { emptyFields, type FormFields } from "../src/page/filter/fields.js";
import { fieldsOfFilter, filterOfFields } from "../src/page/filter/form-fields.js";
import { formatTags, parseTags } from "../src/page/filter/tags.js";
import { faultOf, literalsOf, withinTrace } from "../src/page/filter/texts.js";

const word = fc.string({ unit: fc.constantFrom(...'abz019._-"\\ é') });
const key = fc
  .string({ unit: fc.constantFrom(..."abz019._"), minLength: 1 })
  .filter((text) => /^[a-z]/.test(text));
const tag = fc.tuple(
  key,
  fc.oneof(
    word.map((stringValue) => ({ stringValue })),
    fc.integer().map((value) => ({ intValue: String(value) })),
    fc.boolean().map((value) => ({ boolValue: String(value) })),
  ),
);

describe("the plain form", () => {
  it("comes back from the filter that it means", () => {
    const duration = fc.constantFrom("", "100ms", "1.5s", "2m");
    const forms: fc.Arbitrary<FormFields> = fc.record({
      service: word,
      operation: word,
      tags: fc.array(tag).map((tags) => formatTags(tags.map(([key, value]) => ({ key, value })))),
      minDuration: duration,
      maxDuration: duration,
      onlyErrors: fc.boolean(),
    });
    fc.assert(
      fc.property(forms, (fields) => {
        expect(fieldsOfFilter(filterOfFields(fields))).toEqual(fields);
      }),
    );
  });

  it("says what is no duration", () => {
    expect(() => filterOfFields({ ...emptyFields, minDuration: "long" })).toThrow(/long/);
  });

  it.each([
    "{ name = `a` || name = `b` }",
    "{ span.a = 1 }",
    "{ name = `a` && name = `b` }",
    "{ duration > 1s }",
    "{",
  ])("does not show %s, which says more", (text) => {
    expect(fieldsOfFilter(text)).toBeUndefined();
  });
});

describe("tags", () => {
  it("read back what they wrote", () => {
    fc.assert(
      fc.property(fc.array(tag), (tags) => {
        const items = tags.map(([key, value]) => ({ key, value }));
        expect(parseTags(formatTags(items))).toEqual(items);
      }),
    );
  });

  it("guess the type that a bare value looks like", () => {
    expect(parseTags('a=1 b=true c=x d="1" e=2.5')).toEqual([
      { key: "a", value: { intValue: "1" } },
      { key: "b", value: { boolValue: "true" } },
      { key: "c", value: { stringValue: "x" } },
      { key: "d", value: { stringValue: "1" } },
      { key: "e", value: { doubleValue: "2.5" } },
    ]);
  });
});

describe("a condition more", () => {
  const error = conditionOf({ attr: { key: "error.type", level: "span" } }, { stringValue: "Timeout" });
  if (error === undefined) throw new Error("a text can be asked for");

  it.each([
    ["", '{ span.error.type = "Timeout" }'],
    ["{}", '{ span.error.type = "Timeout" }'],
    ["{ no filter", '{ span.error.type = "Timeout" }'],
    ['{ name = "a" }', '{ name = "a" && span.error.type = "Timeout" }'],
    ['{ name = "a" && kind = server }', '{ name = "a" && kind = server && span.error.type = "Timeout" }'],
    ['{ name = "a" || name = "b" }', '{ (name = "a" || name = "b") && span.error.type = "Timeout" }'],
    ['{ span.error.type = "Timeout" }', '{ span.error.type = "Timeout" }'],
  ])("beside %s", (text, wanted) => {
    expect(addCondition(text, error)).toBe(wanted);
  });

  it("names the service as filters do", () => {
    const condition = conditionOf({ attr: { key: "service.name", level: "resource" } }, { stringValue: "a" });
    expect(condition && formatTraceQl(condition)).toBe('{ resource.service.name = "a" }');
  });

  it("is none for a list", () => {
    expect(conditionOf({ attr: { key: "a" } }, { arrayValue: { values: [] } })).toBeUndefined();
  });
});

describe("texts of filters", () => {
  it("says where a filter is wrong", () => {
    expect(faultOf("{ foo = 1 }")?.message).toMatch(/^line 1, column 3: .*"foo"\n.*\n +\^\^\^/);
    expect(faultOf('{ name = "a" }')).toBeUndefined();
    expect(faultOf("")).toBeUndefined();
  });

  it("asks for the spans of one trace", () => {
    const id = "5b8aa5a2d2c872e8321cf37308d69df2";
    const within = withinTrace('{ name = "a" || name = "b" }', id);
    expect(within).toBe(`{ (name = "a" || name = "b") && trace:id = "${id}" }`);
    expect(() => parseTraceQl(withinTrace("", id))).not.toThrow();
  });

  it("finds what a filter looks for, and not what it excludes or what is a word of ours", () => {
    const text =
      '{ name = "GET /" && !(.a = "no") && status = error && words(event.message, "card declined") }';
    expect(literalsOf(text)).toEqual(["GET /", "card", "declined"]);
  });
});
