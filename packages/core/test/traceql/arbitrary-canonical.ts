import fc from "fast-check";
import type { FilterCall, FilterExpression } from "../../src/query/filter/language/ast.js";
import { texts } from "../../src/testing/arbitrary-data.js";

/** Filters in TraceQL's spelling, which must come back from their text unchanged. */

type Element = "event" | "link" | undefined;

const call = (op: string, ...args: FilterExpression[]): FilterCall => ({ op, args });
const field = (level: string, name: string): FilterExpression => ({ field: { name, level } });

const text = fc.oneof(
  fc.constantFrom(
    ...texts,
    'say "hi"',
    "back\\slash",
    "`ticks`",
    "two\nlines",
    "\ttab\r",
    "\u202e",
    "\u{e0001}",
  ),
  fc.string({ unit: "binary", maxLength: 10 }),
);
const key = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.constantFrom("k", "http.status_code", "name", "count", "event.x", "-", "a/b:c[0]"),
  },
  fc.constantFrom(
    "odd key",
    "5xx",
    'q"u\\ote',
    "a,b",
    "x=y",
    "(",
    "\u043a\u043b\u044e\u0447",
    "\u0000x",
    ".",
    "\u00a0",
  ),
  fc.string({ unit: "binary", minLength: 1, maxLength: 8 }),
);

const attributeOf = (element: Element): fc.Arbitrary<FilterExpression> =>
  fc
    .tuple(key, fc.constantFrom("span", "resource", "scope", "event", "link", undefined))
    .map(([each, at]) => ({ key: each, level: at ?? element }))
    .filter(({ key: each, level }) => level !== "resource" || each !== "service.name")
    .map(({ key: each, level }) => ({ attr: level === undefined ? { key: each } : { key: each, level } }));

const int = fc.oneof(
  fc.constantFrom("0", "-0", "200", "-1", "007", "9223372036854775807", "-9223372036854775808"),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String),
);
const double = fc.constantFrom(
  "1.5",
  "-0.0",
  ".5",
  "1.",
  "2e2",
  "-1e-7",
  "1E+21",
  "5e-324",
  "1.7976931348623157e308",
);
const bool = fc.constantFrom("true", "false");
const spelled = { string: text, int, double, bool } as const;
const type = fc.constantFrom("string", "int", "double", "bool" as const);

const scalar = type.chain((each) => spelled[each].map((value) => ({ scalar: { value, type: each } })));
const orderedScalar = scalar.filter(({ scalar: { type: each } }) => each !== "bool");
const list = type.chain((each) =>
  fc
    .array(spelled[each], { minLength: 1, maxLength: 3 })
    .chain((values) => (each === "double" ? int.map((more) => [...values, more]) : fc.constant(values)))
    .map((values) => ({ list: { values, type: each } })),
);

interface FieldKind {
  readonly terms: readonly FilterExpression[];
  readonly constant: fc.Arbitrary<string>;
  readonly hasOrder: boolean;
  readonly isText: boolean;
}

const service = field("resource", "service");
const textFields = [
  ...["name", "statusMessage", "spanID", "parentSpanID", "traceID"].map((name) => field("span", name)),
  ...["traceID", "spanID"].map((name) => field("link", name)),
  ...[field("event", "name"), field("scope", "name"), field("scope", "version")],
];
const durations = [field("span", "duration"), field("event", "timeSinceStart")];
const duration = fc.constantFrom("500ms", "1h30m", "-1.5ms", "1ns", ".5s", "0s", "2.s", "3\u00b5s", "1h.5m");
const kinds: readonly FieldKind[] = [
  { terms: [...textFields, service], constant: text, hasOrder: true, isText: true },
  { terms: durations, constant: duration, hasOrder: true, isText: false },
  {
    terms: [field("span", "kind")],
    constant: fc.constantFrom("unspecified", "internal", "server", "client", "producer", "consumer"),
    hasOrder: false,
    isText: true,
  },
  {
    terms: [field("span", "status")],
    constant: fc.constantFrom("unset", "ok", "error"),
    hasOrder: false,
    isText: true,
  },
];

const equality = fc.constantFrom("eq", "ne");
const comparison = fc.constantFrom("eq", "ne", "gt", "lt", "gte", "lte");
const membership = fc.constantFrom("in", "not_in");
const eitherWay = (op: string, a: FilterExpression, b: FilterExpression): fc.Arbitrary<FilterCall> =>
  fc.constantFrom(call(op, a, b), call(op, b, a));

/** Patterns that match anywhere, and whole-value patterns that are not such a pattern between two `.*`. */
const anywhere = fc.constantFrom(
  "",
  "GET",
  "2..",
  "[0-9]+",
  "a|b",
  ".*",
  "\\d{3}",
  "[.|]x",
  "(?:tr)ue",
  "`",
  "\\Qa.\\E",
  "{,2}",
  '"',
);
const whole = fc
  .constantFrom(
    "",
    "GET",
    "2..",
    "a|b",
    ".*",
    "GET /.*",
    "\\.",
    "(a)(b)",
    ".*a.*b.*",
    "a\nb",
    "`\\d",
    "\\Qa.\\E",
  )
  .map((each) => `^(?s:${each})$`);
const pattern = fc.oneof(anywhere, whole).map((value) => ({ scalar: { value } }));

const negated = (ref: FilterExpression, of: FilterExpression): FilterCall =>
  call("and", { call: call("exists", ref) }, { call: call("not", { call: call("regex", ref, of) }) });

function leafOf(element: Element): fc.Arbitrary<FilterCall> {
  const attribute = attributeOf(element);
  const words = fc.array(fc.constantFrom("out", "OF", "stra\u00dfe", "200"), { minLength: 1, maxLength: 3 });
  const onField = fc.constantFrom(...kinds).chain(({ terms, constant, hasOrder, isText }) =>
    fc.constantFrom(...terms).chain((ref) =>
      fc.oneof(
        fc
          .tuple(hasOrder ? comparison : equality, constant)
          .chain(([op, value]) => eitherWay(op, ref, { scalar: { value } })),
        fc
          .tuple(membership, fc.array(constant, { minLength: 1, maxLength: 3 }))
          .map(([op, values]) => call(op, ref, { list: { values } })),
        ref === service ? pattern.map((of) => negated(ref, of)) : fc.constant(call("exists", ref)),
        isText
          ? fc
              .tuple(fc.boolean(), pattern)
              .map(([not, of]) => (not ? negated(ref, of) : call("regex", ref, of)))
          : fc.constant(call("exists", ref)),
      ),
    ),
  );
  return fc.oneof(
    { weight: 2, arbitrary: fc.tuple(equality, attribute, scalar).chain((of) => eitherWay(...of)) },
    { weight: 2, arbitrary: fc.tuple(comparison, attribute, orderedScalar).chain((of) => eitherWay(...of)) },
    { weight: 4, arbitrary: onField },
    attribute.map((ref) => call("exists", ref)),
    fc.tuple(membership, attribute, list).map((of) => call(...of)),
    fc.tuple(attribute, pattern).map(([ref, of]) => call("regex", ref, of)),
    fc.tuple(attribute, pattern).map(([ref, of]) => negated(ref, of)),
    fc
      .tuple(fc.constantFrom("phrase", "fulltext"), attribute, words)
      .map(([op, ref, values]) => call(op, ref, { list: { values } })),
    fc
      .tuple(comparison, fc.oneof(attribute, fc.constantFrom(...textFields)), attribute)
      .map((of) => call(...of)),
    fc
      .tuple(comparison, fc.constantFrom(...durations), fc.constantFrom(...durations))
      .map((of) => call(...of)),
    bool.map((value) =>
      call("eq", { scalar: { value, type: "bool" } }, { scalar: { value: "true", type: "bool" } }),
    ),
    fc
      .tuple(comparison, text, text)
      .map(([op, a, b]) =>
        call(op, { scalar: { value: a, type: "string" } }, { scalar: { value: b, type: "string" } }),
      ),
  );
}

const levels = ["event", "link"] as const;

function conditionOf(
  element: Element,
  free: readonly (typeof levels)[number][],
  depth: number,
): fc.Arbitrary<FilterCall> {
  const leaf = leafOf(element);
  if (depth === 0) return leaf;
  const inner = conditionOf(element, free, depth - 1);
  return fc.oneof(
    { withCrossShrink: true },
    { weight: 4, arbitrary: leaf },
    {
      weight: 3,
      arbitrary: fc
        .tuple(fc.constantFrom("and", "or"), fc.array(inner, { minLength: 2, maxLength: 3 }))
        .map(([op, args]) => call(op, ...args.map((each) => ({ call: each })))),
    },
    { weight: 2, arbitrary: inner.map((each) => call("not", { call: each })) },
    ...free.map((level) => ({
      weight: 1,
      arbitrary: conditionOf(
        level,
        free.filter((each) => each !== level),
        depth - 1,
      ).map((each) => call("some", { nested: { level } }, { call: each })),
    })),
  );
}

export const canonicalFilter = conditionOf(undefined, levels, 3);
