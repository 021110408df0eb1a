import { describe, expect, it } from "vitest";
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
import { filterFromJson } from "../../src/query/filter/forms/json-form.js";
import { decodeFilter, encodeFilter } from "../../src/query/filter/forms/wire-form.js";
import { fields } from "../../src/query/filter/language/fields.js";
import { resolveFilter } from "../../src/query/filter/resolve/resolve.js";

describe("the builder", () => {
  it("builds the filter that its calls spell", () => {
    const filter = and(
      span.duration.gt("2s"),
      span.attr("http.status_code").in([500, 503]),
      resource.service.eq("cart"),
      some(event, and(event.name.eq("exception"), event.attr("exception.type").ne("Timeout"))),
      or(not(attr("k").exists()), span.startTime.lt(span.endTime)),
    );
    const duration = { field: { name: "duration", level: "span" } };
    const name = { field: { name: "name", level: "event" } };
    const type = { attr: { key: "exception.type", level: "event" } };
    const times = [
      { field: { name: "startTime", level: "span" } },
      { field: { name: "endTime", level: "span" } },
    ];
    const call = (op: string, ...args: unknown[]) => ({ call: { op, args } });
    expect(filter).toEqual({
      op: "and",
      args: [
        call("gt", duration, { scalar: { value: "2s" } }),
        call(
          "in",
          { attr: { key: "http.status_code", level: "span" } },
          { list: { values: ["500", "503"], type: "int" } },
        ),
        call("eq", { field: { name: "service", level: "resource" } }, { scalar: { value: "cart" } }),
        call(
          "some",
          { nested: { level: "event" } },
          call(
            "and",
            call("eq", name, { scalar: { value: "exception" } }),
            call("ne", type, { scalar: { value: "Timeout" } }),
          ),
        ),
        call("or", call("not", call("exists", { attr: { key: "k" } })), call("lt", ...times)),
      ],
    });
    expect(decodeFilter(encodeFilter(filter))).toEqual(filter);
    expect(filterFromJson(JSON.parse(JSON.stringify(filter)))).toEqual(filter);
    expect(() => resolveFilter(filter)).not.toThrow();
  });

  it("has every built-in field under its name", () => {
    const levels = { span, resource, scope, event, link };
    for (const { level, name } of fields) {
      const field = Reflect.get(levels[level], name) as { exists(): unknown } | undefined;
      expect(field?.exists(), `${level}.${name}`).toEqual({
        op: "exists",
        args: [{ field: { name, level } }],
      });
    }
  });

  const k = attr("k");
  const constant = (filter: { args: readonly unknown[] }) => filter.args[1];

  it("gives JavaScript values their types", () => {
    expect(constant(k.eq("5"))).toEqual({ scalar: { value: "5" } });
    expect(constant(k.eq(5))).toEqual({ scalar: { value: "5", type: "int" } });
    expect(constant(k.eq(-(2n ** 63n)))).toEqual({ scalar: { value: "-9223372036854775808", type: "int" } });
    expect(constant(k.gt(0.5))).toEqual({ scalar: { value: "0.5", type: "double" } });
    expect(constant(k.gt(1e21))).toEqual({ scalar: { value: "1e+21", type: "double" } });
    expect(constant(k.gt(Number.NEGATIVE_INFINITY))).toEqual({
      scalar: { value: "-Infinity", type: "double" },
    });
    expect(constant(k.ne(false))).toEqual({ scalar: { value: "false", type: "bool" } });
    expect(constant(k.eq(literal("5", "string")))).toEqual({ scalar: { value: "5", type: "string" } });
    expect(constant(k.in(["a"]))).toEqual({ list: { values: ["a"], type: "string" } });
    expect(constant(k.in([1, 0.5]))).toEqual({ list: { values: ["1", "0.5"], type: "double" } });
    expect(constant(k.notIn([1, 2], "double"))).toEqual({ list: { values: ["1", "2"], type: "double" } });
    expect(() => k.in([1, "a"])).toThrow(expect.objectContaining({ code: "INVALID_QUERY" }));
    for (const value of [1e21, Number.NaN, Number.MIN_VALUE, 2 ** 53]) {
      expect(() => resolveFilter(k.gt(value))).not.toThrow();
    }
  });

  it("writes times as fields read them", () => {
    expect(constant(span.duration.gte(1500n))).toEqual({ scalar: { value: "1500ns" } });
    expect(constant(span.startTime.lt(new Date(1)))).toEqual({
      scalar: { value: "1970-01-01T00:00:00.001Z" },
    });
    expect(constant(event.time.in([-1n, 1n]))).toEqual({
      list: { values: ["1969-12-31T23:59:59.999999999Z", "1970-01-01T00:00:00.000000001Z"] },
    });
    for (const nanos of [-1n, 0n, 2n ** 64n - 1n, 1786906580123456789n]) {
      expect(resolveFilter(span.endTime.eq(nanos))).toMatchObject({ value: { type: "nanos", value: nanos } });
    }
    expect(() => span.startTime.gt(new Date(Number.NaN))).toThrow(
      expect.objectContaining({ code: "INVALID_QUERY" }),
    );
  });

  it("returns a single predicate unchanged, and refuses an empty list", () => {
    const one = k.exists();
    expect(and(one)).toBe(one);
    expect(or(one)).toBe(one);
    expect(() => and()).toThrow(expect.objectContaining({ code: "INVALID_QUERY" }));
  });

  it("expresses every with some and not", () => {
    expect(every(link, link.spanID.eq("a"))).toEqual(not(some(link, not(link.spanID.eq("a")))));
  });

  it("lists words", () => {
    expect(constant(k.phrase("a", "b"))).toEqual({ list: { values: ["a", "b"] } });
    expect(() => resolveFilter(k.fulltext("a", "b"))).not.toThrow();
    expect(() => resolveFilter(k.fulltext("a b"))).toThrow(
      expect.objectContaining({ code: "INVALID_QUERY", field: "filter.args[1].values[0]" }),
    );
  });
});
