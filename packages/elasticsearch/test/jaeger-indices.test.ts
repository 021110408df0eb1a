import { parseWithLongNumbers } from "@spanstore/jaeger";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { groupsByTime } from "../src/jaeger-indices/groups.js";
import { chooseIndices } from "../src/jaeger-indices/options.js";

describe("documents with long numbers", () => {
  // A whole double beyond the safe integers reads as the long number of its text.
  const number = fc
    .oneof(fc.maxSafeInteger(), fc.double({ noNaN: true, noDefaultInfinity: true }))
    .filter((value) => Number.isSafeInteger(value) || !Number.isInteger(value));
  const long = fc
    .oneof(
      fc.bigInt(-(2n ** 63n), 2n ** 64n),
      fc.constantFrom(2n ** 53n, -(2n ** 53n), 9_999_999_999_999_999n),
    )
    .filter((value) => !Number.isSafeInteger(Number(value)));
  const text = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.constantFrom('"value":9007199254740993', "\\", '\\"', ':[9007199254740993,"', "__proto__"),
  );
  const { value } = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { depthSize: "small" },
      fc.oneof(number, text, fc.boolean(), fc.constant(null)),
      long,
      fc.array(tie("value"), { maxLength: 5 }),
      fc.dictionary(text, tie("value"), { maxKeys: 5 }),
    ),
  }));
  /** JSON with bigints as numbers. */
  const jsonOf = (given: unknown, space: string): string => {
    if (typeof given === "bigint") return String(given);
    if (Array.isArray(given)) return `[${given.map((each) => jsonOf(each, space)).join(`,${space}`)}]`;
    if (typeof given !== "object" || given === null) return JSON.stringify(given);
    const pairs = Object.entries(given).map(
      ([key, each]) => `${JSON.stringify(key)}:${space}${jsonOf(each, space)}`,
    );
    return `{${pairs.join(`,${space}`)}}`;
  };
  /** The result of JSON.parse: no negative zero, and lone surrogates as they are. */
  const parsed = (given: unknown): unknown => {
    if (typeof given === "bigint") return given;
    if (Array.isArray(given)) return given.map(parsed);
    if (typeof given !== "object" || given === null) return JSON.parse(JSON.stringify(given));
    return Object.fromEntries(Object.entries(given).map(([key, each]) => [key, parsed(each)]));
  };

  it("are read exactly", () => {
    fc.assert(
      fc.property(value, fc.constantFrom("", " ", "\n  "), (given, space) => {
        const answer = { hits: [given] };
        expect(parseWithLongNumbers(jsonOf(answer, space))).toEqual(parsed(answer));
      }),
      { numRuns: 500 },
    );
    const tag = '{"n":9007199254740993,"f":1234567890123456789.5,"t":"9007199254740993"}';
    expect(parseWithLongNumbers(tag)).toEqual({
      n: 9_007_199_254_740_993n,
      f: Number("1234567890123456789.5"),
      t: "9007199254740993",
    });
  });
});

describe("the choice of Jaeger's indices", () => {
  it.each([
    [{}, "jaeger-span-*,jaeger.spans"],
    [{ prefix: "prod" }, "prod-jaeger-span-*,prod.jaeger.spans"],
    [{ prefix: "prod-" }, "prod-jaeger-span-*,prod.jaeger.spans"],
    [{ archive: true, prefix: "prod" }, "prod-jaeger-span-archive*"],
    [{ index: "some-alias,other" }, "some-alias,other"],
  ])("%j", (options, pattern) => {
    expect(chooseIndices({ url: "", ...options }).pattern).toBe(pattern);
  });

  it("leaves the archive out by default", () => {
    const { isMeant } = chooseIndices({ url: "" });
    expect(isMeant("jaeger-span-2026-11-21")).toBe(true);
    expect(isMeant(".ds-jaeger.spans-2026.11.21-000001")).toBe(true);
    expect(isMeant("jaeger-span-archive")).toBe(false);
    expect(isMeant("jaeger-span-archive-000001")).toBe(false);
    expect(chooseIndices({ url: "", archive: true }).isMeant("jaeger-span-archive-000001")).toBe(true);
  });

  it.each([{ prefix: "a,b" }, { prefix: "Prod" }, { prefix: "a*" }, { index: "" }, { index: "a b" }])(
    "refuses %j",
    (options) => {
      expect(() => chooseIndices({ url: "", ...options })).toThrow("is no");
    },
  );

  it("groups indices that overlap in time, the newest first", () => {
    const extent = (index: string, oldest: number | null, newest: number | null) => ({
      index,
      oldest,
      newest,
    });
    const groups = groupsByTime([
      extent("day 1", 10, 19),
      extent("day 3", 30, 39),
      extent("empty", null, null),
      extent("late", 15, 20),
      extent("day 2", 20, 29),
      extent("day 4", 40, 41),
    ]);
    expect(groups).toEqual([["day 4"], ["day 3"], ["day 2", "late", "day 1"]]);
  });
});
