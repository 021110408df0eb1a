import fc from "fast-check";
import type { AnyValue, KeyValue } from "../../src/model/any-value.js";
import type { ResourceSpans, Span, SpanEvent, TracesData } from "../../src/model/trace.js";

/**
 * Random texts, each with a naive function that tells which spans it matches. The function is built together with the text and
 * shares nothing with the parser; without parentheses it follows Tempo's precedence.
 */

export interface Place {
  readonly service: string | undefined;
  readonly resource: readonly KeyValue[];
  readonly span: Span;
  readonly event?: SpanEvent;
}

export interface Said {
  readonly text: string;
  readonly holds: (place: Place) => boolean;
  /** How tightly the text binds: a chain of && and ||, a comparison, or a text that needs no parentheses. */
  readonly binds: "chain" | "comparison" | "atom";
}

type Plain = string | bigint | number | boolean;

// Few keys and few values, so that most texts hold on some spans and fail on others.
const stringValues = [
  "",
  "a",
  "b",
  "GET /health",
  "GET /api",
  "2",
  "true",
  "a\nb",
  "card declined",
  "Declined, a card",
];
const value: fc.Arbitrary<AnyValue> = fc.oneof(
  fc.constantFrom(...stringValues).map((stringValue) => ({ stringValue })),
  fc.constantFrom(-1n, 0n, 2n, 500n).map((intValue) => ({ intValue })),
  fc.constantFrom(-1, 0.5, 2, 500).map((doubleValue) => ({ doubleValue })),
  fc.boolean().map((boolValue) => ({ boolValue })),
);
const attributes = fc.uniqueArray(fc.record({ key: fc.constantFrom("k", "odd key"), value }), {
  maxLength: 2,
  selector: ({ key }) => key,
});
const kinds = ["unspecified", "internal", "server", "client", "producer", "consumer"];
const statuses = ["unset", "ok", "error"];
const span = fc.record({
  name: fc.constantFrom(...stringValues),
  kind: fc.nat(kinds.length - 1),
  status: fc.nat(2).map((code) => ({ code })),
  durationNano: fc.constantFrom(0n, 1_000_000n, 500_000_000n, 90_000_000_000n),
  attributes,
  events: fc.array(
    fc.record({ timeUnixNano: fc.constant(5n), name: fc.constantFrom("a", "b"), attributes }),
    {
      maxLength: 2,
    },
  ),
});
const group = fc.record({
  service: fc.option(fc.constantFrom("", "a", "b"), { nil: undefined }),
  resource: attributes,
  spans: fc.array(span, { minLength: 1, maxLength: 6 }),
});

export interface Data {
  readonly traces: TracesData;
  readonly places: readonly Place[];
}

/** A few dozen spans with distinct ids. */
export const data: fc.Arbitrary<Data> = fc.array(group, { minLength: 1, maxLength: 5 }).map((groups) => {
  const places: Place[] = [];
  const resourceSpans = groups.map(({ service, resource, spans }): ResourceSpans => {
    const named = service === undefined ? [] : [{ key: "service.name", value: { stringValue: service } }];
    const all = [...named, ...resource];
    const own = spans.map(({ durationNano, ...parts }) => {
      const id = places.length + 1;
      const span: Span = {
        ...parts,
        traceId: id.toString(16).padStart(32, "0"),
        spanId: id.toString(16).padStart(16, "0"),
        startTimeUnixNano: 1_000n,
        endTimeUnixNano: 1_000n + durationNano,
      };
      places.push({ service, resource: all, span });
      return span;
    });
    return { resource: { attributes: all }, scopeSpans: [{ spans: own }] };
  });
  return { traces: { resourceSpans }, places };
});

interface Reference {
  readonly text: string;
  readonly values: (place: Place) => readonly Plain[];
}

const inMap = (map: readonly KeyValue[] | undefined, key: string): Plain[] =>
  (map ?? []).filter((each) => each.key === key).map((each) => Object.values(each.value)[0] as Plain);
const eventsOf = ({ span: { events }, event }: Place): readonly SpanEvent[] =>
  event === undefined ? (events ?? []) : [event];

const spelledKeys: readonly [text: string, key: string][] = [
  ["k", "k"],
  ['"odd key"', "odd key"],
  ['o"dd k"ey', "odd key"],
];
const attribute = (isBound: boolean): fc.Arbitrary<Reference> =>
  fc.constantFrom(...spelledKeys).chain(([spelled, key]) => {
    const ofSpan = ({ span }: Place): Plain[] => inMap(span.attributes, key);
    const ofResource = ({ resource }: Place): Plain[] => inMap(resource, key);
    const ofEvents = (place: Place): Plain[] =>
      eventsOf(place).flatMap(({ attributes: map }) => inMap(map, key));
    return fc.constantFrom<Reference>(
      { text: `span.${spelled}`, values: ofSpan },
      { text: `resource.${spelled}`, values: ofResource },
      { text: `event.${spelled}`, values: ofEvents },
      {
        text: `.${spelled}`,
        values: (place) => (isBound ? ofEvents(place) : [...ofSpan(place), ...ofResource(place)]),
      },
    );
  });
const textField = (isBound: boolean): fc.Arbitrary<Reference> =>
  fc.constantFrom<Reference>(
    { text: "span:name", values: ({ span: { name } }) => [name] },
    { text: "event:name", values: (place) => eventsOf(place).map(({ name }) => name) },
    { text: "resource.service.name", values: ({ service }) => (service ? [service] : []) },
    isBound
      ? { text: "name", values: (place) => eventsOf(place).map(({ name }) => name) }
      : { text: "name", values: ({ span: { name } }) => [name] },
  );

const constant = fc.oneof(
  fc
    .constantFrom(...stringValues)
    .chain((each) => fc.constantFrom<[string, Plain]>([JSON.stringify(each), each], [`\`${each}\``, each])),
  fc.constantFrom<[string, Plain]>(["-1", -1n], ["2", 2n], ["- 0", 0n], ["500", 500n], ["(2)", 2n]),
  fc.constantFrom<[string, Plain]>(["0.5", 0.5], ["2.0", 2], ["-1.", -1], ["5e2", 500]),
  fc.constantFrom<[string, Plain]>(["true", true], ["false", false]),
);

const isNumber = (each: Plain): each is bigint | number =>
  typeof each === "bigint" || typeof each === "number";

function sign(a: Plain, b: Plain): number | undefined {
  if (isNumber(a) && isNumber(b)) return a < b ? -1 : a > b ? 1 : 0;
  return typeof a === "string" && typeof b === "string"
    ? Math.sign(Buffer.compare(Buffer.from(a), Buffer.from(b)))
    : undefined;
}

const signs: Readonly<Record<string, readonly number[]>> = {
  ">": [1],
  ">=": [0, 1],
  "<": [-1],
  "<=": [-1, 0],
};

function compared(op: string, values: readonly Plain[], to: Plain): boolean {
  const isEqual = (each: Plain): boolean => typeof each === typeof to && each === to;
  if (op === "=") return values.some(isEqual);
  if (op === "!=") return values.length > 0 && !values.some(isEqual);
  return values.some((each) => signs[op]?.includes(sign(each, to) ?? Number.NaN));
}

const turned: Readonly<Record<string, string>> = {
  "=": "=",
  "!=": "!=",
  ">": "<",
  ">=": "<=",
  "<": ">",
  "<=": ">=",
};
const operator = fc.constantFrom(...Object.keys(turned));
const isString = (each: [string, Plain]): boolean => typeof each[1] === "string";

/** Either operand may come first. */
const comparison = (
  reference: fc.Arbitrary<Reference>,
  constants: fc.Arbitrary<[string, Plain]>,
): fc.Arbitrary<Said> =>
  fc
    .tuple(reference, operator, constants, fc.boolean())
    .filter(([, op, [, to]]) => typeof to !== "boolean" || op === "=" || op === "!=")
    .map(([ref, op, [spelled, to], isTurned]) => ({
      text: isTurned ? `${spelled} ${turned[op]} ${ref.text}` : `${ref.text} ${op} ${spelled}`,
      holds: (place) => compared(op, ref.values(place), to),
      binds: "comparison",
    }));

const patterns = [
  "",
  "a",
  "a|b",
  "GET /health.*",
  ".*a|b.*",
  ".*a.*",
  "a.b",
  "\\d+",
  "true|-1",
  "[a-c]",
  ".*",
];

function leaf(isBound: boolean): fc.Arbitrary<Said> {
  const reference = fc.oneof(attribute(isBound), textField(isBound));
  const durations: [string, bigint][] = [
    ["0s", 0n],
    ["1ms", 1_000_000n],
    ["500ms", 500_000_000n],
    ["0.5s", 500_000_000n],
    ["1m30s", 90_000_000_000n],
    ["-1h", -3_600_000_000_000n],
    ["1d", 86_400_000_000_000n],
  ];
  const split = (text: string): string[] =>
    text
      .toLowerCase()
      .split(/[^a-z0-9]+/)
      .filter((word) => word !== "");
  return fc.oneof(
    { weight: 3, arbitrary: comparison(attribute(isBound), constant) },
    { weight: 2, arbitrary: comparison(textField(isBound), constant.filter(isString)) },
    fc.tuple(operator, fc.constantFrom(...durations)).map(
      ([op, [spelled, to]]): Said => ({
        text: `span:duration ${op} ${spelled}`,
        holds: ({ span }) => compared(op, [span.endTimeUnixNano - span.startTimeUnixNano], to),
        binds: "comparison",
      }),
    ),
    fc.tuple(fc.constantFrom("=", "!="), fc.constantFrom(...kinds)).map(
      ([op, word]): Said => ({
        text: `span:kind ${op} ${word}`,
        holds: ({ span }) => (kinds[span.kind ?? 0] === word) === (op === "="),
        binds: "comparison",
      }),
    ),
    fc.tuple(fc.constantFrom("=", "!="), fc.constantFrom(...statuses)).map(
      ([op, word]): Said => ({
        text: `span:status ${op} ${word}`,
        holds: ({ span }) => (statuses[span.status?.code ?? 0] === word) === (op === "="),
        binds: "comparison",
      }),
    ),
    fc
      .tuple(reference, fc.constantFrom("=~", "!~"), fc.constantFrom(...patterns))
      .map(([ref, op, pattern]): Said => {
        const whole = new RegExp(`^(?:${pattern})$`, "su");
        return {
          text: `${ref.text} ${op} \`${pattern}\``,
          holds: (place) => {
            const values = ref.values(place);
            const matches = values.some((each) => whole.test(String(each)));
            return op === "=~" ? matches : values.length > 0 && !matches;
          },
          binds: "comparison",
        };
      }),
    fc.tuple(attribute(isBound), fc.constantFrom("=", "!=")).map(
      ([ref, op]): Said => ({
        text: `${ref.text} ${op} nil`,
        holds: (place) => (ref.values(place).length === 0) === (op === "="),
        binds: "comparison",
      }),
    ),
    attribute(isBound).map(
      (ref): Said => ({
        text: ref.text,
        holds: (place) => ref.values(place).includes(true),
        binds: "atom",
      }),
    ),
    fc
      .tuple(
        reference,
        fc.constantFrom("in", "not_in"),
        fc.array(constant.filter(isString), { minLength: 1, maxLength: 3 }),
      )
      .map(
        ([ref, op, constants]): Said => ({
          text: `${op}(${ref.text}, ${constants.map(([spelled]) => spelled).join(", ")})`,
          holds: (place) => {
            const values = ref.values(place);
            const isAmong = values.some((each) => constants.some(([, to]) => each === to));
            return op === "in" ? isAmong : values.length > 0 && !isAmong;
          },
          binds: "atom",
        }),
      ),
    fc
      .tuple(
        attribute(isBound),
        fc.constantFrom("phrase", "words"),
        fc.constantFrom("card declined", "CARD", "a", "declined-card"),
      )
      .map(
        ([ref, op, text]): Said => ({
          text: `${op}(${ref.text}, "${text}")`,
          holds: (place) =>
            ref.values(place).some((each) => {
              if (typeof each !== "string") return false;
              const stored = split(each);
              const wanted = split(text);
              return op === "words"
                ? wanted.every((word) => stored.includes(word))
                : ` ${stored.join(" ")} `.includes(` ${wanted.join(" ")} `);
            }),
          binds: "atom",
        }),
      ),
  );
}

const parenthesized = ({ text }: Said): string => `(${text})`;

/** `!` takes an atom. `&&` and `||` associate to the left with equal precedence, so a chain on the right needs parentheses. */
function saidOf(isBound: boolean, depth: number): fc.Arbitrary<Said> {
  if (depth === 0) return leaf(isBound);
  const inner = saidOf(isBound, depth - 1);
  const chain = fc.tuple(inner, fc.constantFrom("&&", "||"), inner, fc.boolean()).map(
    ([left, op, right, isTight]): Said => ({
      text: [left.text, op, right.binds === "chain" ? parenthesized(right) : right.text].join(
        isTight ? "" : " ",
      ),
      holds: (place) =>
        op === "&&" ? left.holds(place) && right.holds(place) : left.holds(place) || right.holds(place),
      binds: "chain",
    }),
  );
  const negation = inner.map(
    (said): Said => ({
      text: `!${said.binds === "atom" ? said.text : parenthesized(said)}`,
      holds: (place) => !said.holds(place),
      binds: "atom",
    }),
  );
  const some = isBound
    ? []
    : [
        saidOf(true, depth - 1).map(
          (said): Said => ({
            text: `some(event, ${said.text})`,
            holds: (place) => eventsOf(place).some((event) => said.holds({ ...place, event })),
            binds: "atom",
          }),
        ),
      ];
  return fc.oneof(
    { withCrossShrink: true },
    { weight: 2, arbitrary: leaf(isBound) },
    { weight: 3, arbitrary: chain },
    negation,
    ...some,
  );
}

export const said: fc.Arbitrary<Said> = saidOf(false, 3).map((each) => ({
  ...each,
  text: `{ ${each.text} }`,
}));
