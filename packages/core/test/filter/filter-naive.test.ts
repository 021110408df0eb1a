import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { AnyValue, KeyValue } from "../../src/model/any-value.js";
import type { ResourceSpans, ScopeSpans, Span, SpanEvent, SpanLink } from "../../src/model/trace.js";
import { encodeTraces } from "../../src/otlp/encode.js";
import { spansOf } from "../../src/otlp/groups.js";
import type { Constant, Level, Predicate, Reference } from "../../src/query/filter/language/predicate.js";
import { compilePredicate } from "../../src/query/filter/match/matcher.js";

/** What a predicate reads: the model, where the matcher reads the encoded view. */
interface Place {
  readonly resource: ResourceSpans;
  readonly scope: ScopeSpans;
  readonly span: Span;
  readonly event?: SpanEvent;
  readonly link?: SpanLink;
}

type Plain = string | bigint | number | boolean;

/** The values of a reference, computed naively. */
function valuesOf(ref: Reference, place: Place): Plain[] {
  const events = place.event === undefined ? (place.span.events ?? []) : [place.event];
  const links = place.link === undefined ? (place.span.links ?? []) : [place.link];
  if (ref.ref === "attribute") {
    const maps: Record<Level, (readonly KeyValue[])[]> = {
      span: [place.span.attributes ?? []],
      resource: [place.resource.resource?.attributes ?? []],
      scope: [place.scope.scope?.attributes ?? []],
      event: events.map(({ attributes }) => attributes ?? []),
      link: links.map(({ attributes }) => attributes ?? []),
    };
    return ref.levels
      .flatMap((level) => maps[level])
      .flatMap((map) => map.filter(({ key }) => key === ref.key).slice(0, 1))
      .map(({ value }) => Object.values(value)[0] as Plain);
  }
  const service = place.resource.resource?.attributes.find(({ key }) => key === "service.name")?.value;
  const present = (text: string | undefined): string[] => (text ? [text] : []);
  const fields: Record<string, () => Plain[]> = {
    "span.name": () => [place.span.name],
    "span.kind": () => [place.span.kind ?? 0],
    "span.duration": () => [place.span.endTimeUnixNano - place.span.startTimeUnixNano],
    "span.parentSpanID": () => present(place.span.parentSpanId),
    "resource.service": () => present(service && "stringValue" in service ? service.stringValue : ""),
    "scope.name": () => present(place.scope.scope?.name),
    "event.name": () => events.map(({ name }) => name),
    "event.timeSinceStart": () => events.map((event) => event.timeUnixNano - place.span.startTimeUnixNano),
    "link.spanID": () => links.map(({ spanId }) => spanId),
  };
  return fields[`${ref.level}.${ref.name}`]?.() ?? [];
}

const isNumber = (value: unknown): value is bigint | number =>
  typeof value === "bigint" || typeof value === "number";

function equals(value: Plain, constant: Constant, ofAttribute: boolean): boolean {
  if (constant.type === "any" && ofAttribute) return String(value) === constant.text;
  if ("text" in constant) return value === constant.text;
  return typeof value === typeof constant.value && value === constant.value;
}

function sign(value: Plain, constant: Constant): number | undefined {
  if (typeof value === "string") {
    return "text" in constant ? Buffer.compare(Buffer.from(value), Buffer.from(constant.text)) : undefined;
  }
  if (constant.type === "string") return undefined;
  const other = constant.type === "any" ? Number.parseFloat(constant.text) : constant.value;
  if (!isNumber(value) || !isNumber(other) || Number.isNaN(other)) return undefined;
  // The generated numbers are small, so that doubles are exact.
  return Math.sign(Number(value) - Number(other));
}

function holds(predicate: Predicate, place: Place): boolean {
  switch (predicate.op) {
    case "and":
      return predicate.args.filter((arg) => holds(arg, place)).length === predicate.args.length;
    case "or":
      return predicate.args.filter((arg) => holds(arg, place)).length > 0;
    case "not":
      return !holds(predicate.arg, place);
    case "some": {
      const { level, arg } = predicate;
      const elements = (level === "event" ? place.span.events : place.span.links) ?? [];
      return elements.filter((element) => holds(arg, { ...place, [level]: element })).length > 0;
    }
    case "exists":
      return valuesOf(predicate.ref, place).length > 0;
    case "eq":
    case "ne":
    case "in":
    case "not_in": {
      const constants = "values" in predicate ? predicate.values : [predicate.value];
      const values = valuesOf(predicate.ref, place);
      const equal = values.filter((value) =>
        constants.some((constant) => equals(value, constant, predicate.ref.ref === "attribute")),
      );
      if (predicate.op === "eq" || predicate.op === "in") return equal.length > 0;
      return values.length > 0 && equal.length === 0;
    }
    case "gt":
    case "lt":
    case "gte":
    case "lte": {
      const wanted = { gt: [1], lt: [-1], gte: [0, 1], lte: [-1, 0] }[predicate.op];
      const signs = valuesOf(predicate.ref, place).map((value) => sign(value, predicate.value));
      return signs.some((each) => each !== undefined && wanted.includes(each));
    }
    default:
      throw new Error(`no naive ${predicate.op}`);
  }
}

// Few keys and few values, so that most predicates hold on some spans and fail on others.
const words = fc.constantFrom("", "a", "b", "1", "2", "true");
const ints = fc.constantFrom(-1n, 0n, 1n, 2n);
const doubles = fc.constantFrom(-1, 0, 0.5, 1, 2);
const levels = fc.constantFrom<Level>("span", "resource", "scope", "event", "link");

const value: fc.Arbitrary<AnyValue> = fc.oneof(
  words.map((stringValue) => ({ stringValue })),
  ints.map((intValue) => ({ intValue })),
  doubles.map((doubleValue) => ({ doubleValue })),
  fc.boolean().map((boolValue) => ({ boolValue })),
);
const keys = fc.constantFrom("k", "l", "service.name");
const attributes = fc.array(fc.record({ key: keys, value }), { maxLength: 3 });
const times = fc.constantFrom(0n, 1n, 2n, 3n);
const ids = fc.constantFrom("00000000000000aa", "00000000000000bb");

const place: fc.Arbitrary<Place> = fc.record({
  resource: fc.record({ resource: fc.record({ attributes }), scopeSpans: fc.constant([]) }),
  scope: fc.record({ scope: fc.record({ name: words, attributes }), spans: fc.constant([]) }),
  span: fc.record({
    traceId: fc.constant("0".repeat(31).concat("1")),
    spanId: ids,
    parentSpanId: fc.oneof(ids, fc.constant("")),
    name: words,
    kind: fc.integer({ min: 0, max: 3 }),
    startTimeUnixNano: times,
    endTimeUnixNano: times,
    attributes,
    events: fc.array(fc.record({ timeUnixNano: times, name: words, attributes }), { maxLength: 3 }),
    links: fc.array(
      fc.record({ traceId: fc.constant("0".repeat(31).concat("2")), spanId: ids, attributes }),
      { maxLength: 2 },
    ),
  }),
});

type Leaf = {
  readonly ref: Reference;
  readonly constant: fc.Arbitrary<Constant>;
  readonly hasOrder: boolean;
};

const text = words.map((each): Constant => ({ type: "string", text: each }));
const nanos = fc.constantFrom(-1n, 0n, 1n, 2n).map((each): Constant => ({ type: "nanos", value: each }));
const field = (level: Level, name: string, constant: fc.Arbitrary<Constant>, hasOrder = true): Leaf => ({
  ref: { ref: "field", level, name },
  constant,
  hasOrder,
});
const anyConstant: fc.Arbitrary<Constant> = fc.oneof(
  words.map((each): Constant => ({ type: "any", text: each })),
  text,
  ints.map((each): Constant => ({ type: "int", value: each })),
  doubles.map((each): Constant => ({ type: "double", value: each })),
);

const leaf: fc.Arbitrary<Leaf> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc
      .record({ key: keys, levels: fc.uniqueArray(levels, { minLength: 1, maxLength: 5 }) })
      .map((of): Leaf => ({ ref: { ref: "attribute", ...of }, constant: anyConstant, hasOrder: true })),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      field("span", "name", text),
      field(
        "span",
        "kind",
        fc.nat({ max: 4 }).map((each): Constant => ({ type: "enum", value: each })),
        false,
      ),
      field("span", "duration", nanos),
      field("span", "parentSpanID", text),
      field("resource", "service", text),
      field("scope", "name", text),
      field("event", "name", text),
      field("event", "timeSinceStart", nanos),
      field(
        "link",
        "spanID",
        ids.map((each): Constant => ({ type: "string", text: each })),
      ),
    ),
  },
);

const leafPredicate: fc.Arbitrary<Predicate> = leaf.chain(({ ref, constant, hasOrder }) => {
  const compared = fc.constantFrom(
    "eq" as const,
    "ne" as const,
    ...(hasOrder ? (["gt", "lt", "gte", "lte"] as const) : []),
  );
  return fc.oneof(
    fc.constant<Predicate>({ op: "exists", ref }),
    fc.tuple(compared, constant).map(([op, of]): Predicate => ({ op, ref, value: of })),
    fc
      .tuple(
        fc.constantFrom("in" as const, "not_in" as const),
        fc.array(constant, { minLength: 1, maxLength: 3 }),
      )
      .map(([op, values]): Predicate => ({ op, ref, values })),
  );
});

const { predicate } = fc.letrec<{ predicate: Predicate }>((tie) => ({
  predicate: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    leafPredicate,
    fc
      .tuple(
        fc.constantFrom("and" as const, "or" as const),
        fc.array(tie("predicate"), { minLength: 2, maxLength: 3 }),
      )
      .map(([op, args]): Predicate => ({ op, args })),
    tie("predicate").map((arg): Predicate => ({ op: "not", arg })),
    fc
      .tuple(fc.constantFrom("event" as const, "link" as const), tie("predicate"))
      .map(([level, arg]): Predicate => ({ op: "some", level, arg })),
  ),
}));

describe("the matcher", () => {
  it("agrees with a naive evaluation of the model", () => {
    const answers = { true: 0, false: 0 };
    fc.assert(
      fc.property(predicate, fc.array(place, { minLength: 1, maxLength: 4 }), (of, places) => {
        const encoded = encodeTraces({
          resourceSpans: places.map(({ resource, scope, span }) => ({
            ...resource,
            scopeSpans: [{ ...scope, spans: [span] }],
          })),
        });
        const matches = compilePredicate(of);
        const ours = [...spansOf(encoded)].map((span) => matches(span));
        expect(ours).toEqual(places.map((each) => holds(of, each)));
        for (const answer of ours) answers[`${answer}`]++;
      }),
      { numRuns: 1500 },
    );
    expect(Math.min(answers.true, answers.false)).toBeGreaterThan(300);
  });
});
