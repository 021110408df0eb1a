import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isSpanStoreError } from "../../src/errors/errors.js";
import { filterFromJson, filterToJson } from "../../src/query/filter/forms/json-form.js";
import { decodeFilter, encodeFilter } from "../../src/query/filter/forms/wire-form.js";
import type { FilterCall, FilterExpression } from "../../src/query/filter/language/ast.js";
import { resolveFilter } from "../../src/query/filter/resolve/resolve.js";

const text = fc.oneof(
  fc.constantFrom("", "a", "span", "event", "int", "500", "2s"),
  fc.string({ unit: "binary", maxLength: 30 }),
);
const optional = (name: string) =>
  fc.record({ [name]: fc.string({ unit: "grapheme", minLength: 1 }) }, { requiredKeys: [] });

/** Any tree that the language can write, valid or not. */
const { call: anyCall } = fc.letrec<{ call: FilterCall; expression: FilterExpression }>((tie) => ({
  call: fc.record({ op: text, args: fc.array(tie("expression"), { maxLength: 4 }) }),
  expression: fc.oneof(
    { maxDepth: 8, withCrossShrink: true },
    fc.tuple(text, optional("level")).map(([key, level]) => ({ attr: { key, ...level } })),
    fc.record({ name: text, level: text }).map((field) => ({ field })),
    fc.record({ level: text }).map((nested) => ({ nested })),
    fc.tuple(text, optional("type")).map(([value, type]) => ({ scalar: { value, ...type } })),
    fc
      .tuple(fc.array(text, { maxLength: 4 }), optional("type"))
      .map(([values, type]) => ({ list: { values, ...type } })),
    tie("call").map((call) => ({ call })),
  ),
}));

/** Returns the result of a call, which may fail only with a typed error about the query. */
function orTypedError<T>(run: () => T): T | undefined {
  try {
    return run();
  } catch (error) {
    if (isSpanStoreError(error) && (error.code === "INVALID_QUERY" || error.code === "UNSUPPORTED_FILTER")) {
      expect(error.field).toMatch(/^filter/);
      return undefined;
    }
    throw error;
  }
}

/** A length-delimited field, written by hand to allow bytes that no encoder makes. */
function part(field: number, content: readonly number[]): number[] {
  const { length } = content;
  return [(field << 3) | 2, ...(length < 128 ? [length] : [(length & 127) | 128, length >> 7]), ...content];
}

const text1 = (value: string): number[] => part(1, [...Buffer.from(value)]);

describe("the forms of a filter", () => {
  it("turn into each other without loss", () => {
    fc.assert(
      fc.property(anyCall, (filter) => {
        expect(decodeFilter(encodeFilter(filter))).toEqual(filter);
        expect(filterFromJson(JSON.parse(JSON.stringify(filterToJson(filter))))).toEqual(filter);
      }),
    );
  });

  it("are resolved or refused with a typed error", () => {
    fc.assert(fc.property(anyCall, (filter) => void orTypedError(() => resolveFilter(filter))));
  });

  it("are equal when empty texts are spelled out", () => {
    const json = {
      op: "eq",
      args: [{ attr: { key: "a", level: "" } }, { scalar: { value: "b", type: "" } }],
    };
    const wire = [
      ...text1("eq"),
      ...part(2, part(1, [...text1("a"), 0x12, 0])),
      ...part(2, part(4, text1("b"))),
    ];
    const filter = { op: "eq", args: [{ attr: { key: "a" } }, { scalar: { value: "b" } }] };
    expect(filterFromJson(json)).toEqual(filter);
    expect(decodeFilter(new Uint8Array(wire))).toEqual(filter);
    expect(filterFromJson({ op: "exists" })).toEqual({ op: "exists", args: [] });
  });
});

describe("decodeFilter", () => {
  it("survives arbitrary bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const filter = orTypedError(() => decodeFilter(bytes));
        if (filter !== undefined) orTypedError(() => resolveFilter(filter));
      }),
      { numRuns: 2000 },
    );
  });

  it("survives changed bytes of a filter", () => {
    const edits = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), {
      minLength: 1,
      maxLength: 4,
    });
    fc.assert(
      fc.property(anyCall, edits, fc.nat(), (filter, changes, cut) => {
        const bytes = encodeFilter(filter);
        for (const [at, byte] of changes) if (bytes.length > 0) bytes[at % bytes.length] = byte;
        const shorter = cut % 3 === 0 ? bytes.subarray(0, cut % (bytes.length + 1)) : bytes;
        const decoded = orTypedError(() => decodeFilter(shorter));
        if (decoded !== undefined) orTypedError(() => resolveFilter(decoded));
      }),
      { numRuns: 2000 },
    );
  });

  it("refuses an argument without a term, and names it", () => {
    expect(() => decodeFilter(new Uint8Array([...text1("not"), ...part(2, [])]))).toThrow(
      expect.objectContaining({ code: "INVALID_QUERY", field: "filter.args[0]" }),
    );
  });

  it("takes the last of several terms, and skips unknown fields", () => {
    const unknown = [...part(9, [1, 2]), 0x78, 5];
    const argument = [...part(1, text1("key")), ...unknown, ...part(3, [...text1("link"), ...unknown])];
    const bytes = new Uint8Array([...unknown, ...text1("exists"), ...part(2, argument)]);
    expect(decodeFilter(bytes)).toEqual({ op: "exists", args: [{ nested: { level: "link" } }] });
  });

  it("refuses a wrong wire type", () => {
    expect(() => decodeFilter(new Uint8Array([0x08, 1]))).toThrow(
      expect.objectContaining({ code: "INVALID_QUERY" }),
    );
  });

  it("stops at twenty nested calls, and names the place", () => {
    let bytes: number[] = [];
    for (let depth = 2; depth <= 20; depth++) bytes = part(2, part(6, bytes));
    expect(decodeFilter(new Uint8Array(bytes)).op).toBe("");
    expect(() => decodeFilter(new Uint8Array(part(2, part(6, bytes))))).toThrow(
      expect.objectContaining({ code: "INVALID_QUERY", field: `filter${".args[0]".repeat(20)}` }),
    );
  });
});

describe("filterFromJson", () => {
  const wrong: [name: string, json: unknown, field: string][] = [
    ["no object", "eq", "filter"],
    ["an array", [], "filter"],
    ["null", null, "filter"],
    ["an unknown part", { op: "eq", arguments: [] }, "filter"],
    ["arguments that are no array", { op: "eq", args: {} }, "filter"],
    ["an operator that is no text", { op: 1 }, "filter"],
    ["an argument without a term", { op: "eq", args: [{}] }, "filter.args[0]"],
    [
      "an argument with two terms",
      { op: "eq", args: [{ attr: { key: "a" }, scalar: { value: "" } }] },
      "filter.args[0]",
    ],
    [
      "a value that is a number",
      { op: "eq", args: [{ attr: { key: "a" } }, { scalar: { value: 5 } }] },
      "filter.args[1]",
    ],
    [
      "elements that are numbers",
      { op: "in", args: [{ attr: { key: "a" } }, { list: { values: [5] } }] },
      "filter.args[1]",
    ],
    ["a misspelled part", { op: "exists", args: [{ attr: { name: "a" } }] }, "filter.args[0]"],
    ["a bare call", { op: "not", args: [{ op: "exists" }] }, "filter.args[0]"],
  ];
  it.each(wrong)("refuses %s", (_name, json, field) => {
    expect(() => filterFromJson(json)).toThrow(expect.objectContaining({ code: "INVALID_QUERY", field }));
  });

  it("survives any JSON", () => {
    fc.assert(fc.property(fc.jsonValue(), (json) => void orTypedError(() => filterFromJson(json))));
  });
});
