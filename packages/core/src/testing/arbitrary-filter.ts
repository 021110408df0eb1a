import fc from "fast-check";
import { spellDuration, spellInstant } from "../query/filter/forms/builder-values.js";
import type { FilterCall, FilterExpression } from "../query/filter/language/ast.js";
import { type Field, fields } from "../query/filter/language/fields.js";
import {
  durations,
  invalidText,
  keys,
  names,
  noSpanId,
  replacedText,
  services,
  spanIds,
  texts,
  time,
  traceIds,
} from "./arbitrary-data.js";

/**
 * Random filters over every level, operator and field, with constants from the pools of the data. Every store must refuse the few
 * invalid ones alike.
 */

/** Reads show invalid bytes as this text, so filters ask for it. */
const asked = (text: string): string => (text === invalidText ? replacedText : text);

const key = fc.constantFrom(...keys).map(asked);
const text = fc.constantFrom(...texts).map(asked);
const level = fc.constantFrom("span", "resource", "scope", "event", "link");

const attribute: fc.Arbitrary<FilterExpression> = fc.oneof(
  { weight: 1, arbitrary: key.map((each) => ({ attr: { key: each } })) },
  { weight: 3, arbitrary: fc.tuple(key, level).map(([each, at]) => ({ attr: { key: each, level: at } })) },
);

/** Constants by type, spelled as text. */
const spelled = {
  string: text,
  int: fc.constantFrom("200", "0", "-1", "+1", "300", "9007199254740993", "-9223372036854775808"),
  double: fc.constantFrom(
    "200",
    "2e2",
    "0.5",
    "-0",
    "0x1p3",
    "9007199254740992",
    "1e21",
    "NaN",
    "-inf",
    "5e-324",
  ),
  bool: fc.constantFrom("true", "false", "1"),
} as const;
const typeName = fc.constantFrom(...(Object.keys(spelled) as (keyof typeof spelled)[]));

const typedScalar: fc.Arbitrary<FilterExpression> = typeName.chain((type) =>
  spelled[type].map((each) => ({ scalar: { value: each, type } })),
);
const scalar: fc.Arbitrary<FilterExpression> = fc.oneof(
  text.map((each) => ({ scalar: { value: each } })),
  typedScalar,
);
const typedList: fc.Arbitrary<FilterExpression> = typeName.chain((type) =>
  fc.array(spelled[type], { minLength: 1, maxLength: 3 }).map((values) => ({ list: { values, type } })),
);

/** The constants next to a field, as text. */
function constantsOf({ name, type }: Field): fc.Arbitrary<string> {
  switch (type) {
    case "kind":
      return fc.constantFrom("unspecified", "internal", "server", "client", "producer", "consumer");
    case "status":
      return fc.constantFrom("unset", "ok", "error");
    case "duration":
      return fc.constantFrom(...durations).map((each) => spellDuration(each).value);
    case "instant":
      return time.map((each) => spellInstant(each).value);
    case "string":
      if (name === "traceID") return fc.constantFrom("", ...traceIds);
      if (name === "spanID" || name === "parentSpanID") return fc.constantFrom("", noSpanId, ...spanIds);
      return fc.constantFrom(...names, ...services, "bad", "urn:a", "a=b", "a").map(asked);
  }
}

const equality = fc.constantFrom("eq", "ne");
const ordering = fc.constantFrom("gt", "lt", "gte", "lte");
const comparison = fc.oneof(equality, ordering);
const pattern = fc.constantFrom(
  "2",
  "2..",
  "[0-9]+",
  "a|b",
  ".*",
  "",
  "ou?t\\s+of",
  "(?:tr)ue",
  "\\d{3}",
  "\\pL",
  // These match the whole value.
  "^(?s:2..)$",
  "^(?s:a|out.*)$",
);
const word = fc.constantFrom("out", "OF", "memory", "leak", "k", "stra\u00dfe", "200", "nul");

const call = (op: string, ...args: FilterExpression[]): FilterCall => ({ op, args });
/** Either operand may come first. */
const eitherWay = (op: string, a: FilterExpression, b: FilterExpression): fc.Arbitrary<FilterCall> =>
  fc.constantFrom(call(op, a, b), call(op, b, a));

const onAttribute: fc.Arbitrary<FilterCall> = fc.oneof(
  { weight: 3, arbitrary: fc.tuple(equality, attribute, scalar).chain((of) => eitherWay(...of)) },
  { weight: 3, arbitrary: fc.tuple(ordering, attribute, scalar).chain((of) => eitherWay(...of)) },
  fc.tuple(fc.constantFrom("in", "not_in"), attribute, typedList).map((of) => call(...of)),
  attribute.map((each) => call("exists", each)),
  fc.tuple(attribute, pattern).map(([each, of]) => call("regex", each, { scalar: { value: of } })),
  fc
    .tuple(fc.constantFrom("phrase", "fulltext"), attribute, fc.array(word, { minLength: 1, maxLength: 3 }))
    .map(([op, each, values]) => call(op, each, { list: { values } })),
);

const referenceTo = ({ name, level: at }: Field): FilterExpression => ({ field: { name, level: at } });

const onField: fc.Arbitrary<FilterCall> = fc.constantFrom(...fields).chain((field) => {
  const reference = referenceTo(field);
  const constant = constantsOf(field);
  const hasWords = field.type === "kind" || field.type === "status";
  const isText = hasWords || field.type === "string";
  return fc.oneof(
    {
      weight: 4,
      arbitrary: fc
        .tuple(hasWords ? equality : comparison, constant)
        .chain(([op, value]) => eitherWay(op, reference, { scalar: { value } })),
    },
    fc
      .tuple(fc.constantFrom("in", "not_in"), fc.array(constant, { minLength: 1, maxLength: 3 }))
      .map(([op, values]) => call(op, reference, { list: { values } })),
    isText
      ? pattern.map((value) => call("regex", reference, { scalar: { value } }))
      : fc.constant(call("exists", reference)),
    fc.constant(call("exists", reference)),
  );
});

const reference = fc.oneof(attribute, fc.constantFrom(...fields).map(referenceTo));
/** Some compare incompatible types, which every store refuses. */
const onReferences: fc.Arbitrary<FilterCall> = fc.oneof(
  fc.tuple(comparison, attribute, attribute).map((of) => call(...of)),
  fc.tuple(comparison, reference, reference).map((of) => call(...of)),
);

const leaf: fc.Arbitrary<FilterCall> = fc.oneof(
  { weight: 6, arbitrary: onAttribute },
  { weight: 6, arbitrary: onField },
  { weight: 1, arbitrary: onReferences },
);

export const { filter } = fc.letrec<{
  filter: FilterCall;
  both: FilterCall;
  some: FilterCall;
  not: FilterCall;
}>((tie) => ({
  filter: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    { weight: 4, arbitrary: leaf },
    { weight: 2, arbitrary: tie("both") },
    { weight: 1, arbitrary: tie("not") },
    { weight: 1, arbitrary: tie("some") },
  ),
  both: fc
    .tuple(fc.constantFrom("and", "or"), fc.array(tie("filter"), { minLength: 2, maxLength: 3 }))
    .map(([op, args]) => call(op, ...args.map((each) => ({ call: each })))),
  not: tie("filter").map((each) => call("not", { call: each })),
  some: fc
    .tuple(fc.constantFrom("event", "link"), tie("filter"))
    .map(([at, each]) => call("some", { nested: { level: at } }, { call: each })),
}));
