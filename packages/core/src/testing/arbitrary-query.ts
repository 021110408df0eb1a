import fc from "fast-check";
import type { AnyValue } from "../model/any-value.js";
import type { SpanOrder, SpanQuery, TraceQuery } from "../query/trace-query.js";
import {
  durations,
  invalidText,
  keys,
  names,
  replacedText,
  services,
  time,
  value,
} from "./arbitrary-data.js";
import { filter } from "./arbitrary-filter.js";

/** Random searches over the pools of the data. The caller adds pagination and limits. */

const asked = (text: string): string => (text === invalidText ? replacedText : text);

/** Some stores read a bound of 0 as none, so another test covers 0. */
const bound = time.filter((each) => each !== 0n);

const range = fc
  .record({ startTimeMinUnixNano: bound, startTimeMaxUnixNano: bound }, { requiredKeys: [] })
  .map((of) => {
    const { startTimeMinUnixNano: min, startTimeMaxUnixNano: max } = of;
    if (min === undefined || max === undefined || min <= max) return of;
    return { startTimeMinUnixNano: max, startTimeMaxUnixNano: min };
  });

/** Values as callers write them: typed, and as text. */
const attributeValue = value.chain((each): fc.Arbitrary<AnyValue | string | number | boolean | bigint> => {
  if ("stringValue" in each)
    return fc.constantFrom<AnyValue | string>(
      { stringValue: asked(each.stringValue) },
      asked(each.stringValue),
    );
  if ("intValue" in each)
    return fc.constantFrom<AnyValue | string | bigint>(each, each.intValue, String(each.intValue));
  if ("doubleValue" in each) return fc.constantFrom<AnyValue | number>(each, each.doubleValue);
  if ("boolValue" in each)
    return fc.constantFrom<AnyValue | string | boolean>(each, each.boolValue, String(each.boolValue));
  return fc.constant(each);
});

const specialAttribute = fc.oneof(
  fc.tuple(fc.constant("error"), fc.constantFrom("true", "false", "1", "no", true, false)),
  fc.tuple(fc.constant("span.kind"), fc.constantFrom("server", "CLIENT", "consumer", "", "nonsense")),
  fc.tuple(fc.constant("span.status"), fc.constantFrom("error", "OK", "unset", "", "nonsense")),
  fc.tuple(fc.constantFrom("scope.name", "scope.version"), fc.constantFrom("a", "", "200")),
);
const plainAttribute = fc.tuple(
  fc.oneof(
    fc.constantFrom(...keys, "").map(asked),
    fc.constantFrom(...keys).map((each) => `resource.${asked(each)}`),
  ),
  attributeValue,
);

const attributes = fc
  .array(fc.oneof({ weight: 2, arbitrary: plainAttribute }, { weight: 1, arbitrary: specialAttribute }), {
    minLength: 1,
    maxLength: 2,
  })
  .map((entries) => Object.fromEntries(entries));

const positiveDuration = fc.constantFrom(...durations.filter((each) => each > 0n));

const classic: fc.Arbitrary<TraceQuery> = fc.record(
  {
    service: fc.constantFrom(...services).map(asked),
    operation: fc.constantFrom(...names).map(asked),
    attributes,
    minDurationNano: positiveDuration,
    maxDurationNano: positiveDuration,
  },
  { requiredKeys: [] },
);

/** The time range and the conditions of a search. */
export const traceQuery: fc.Arbitrary<TraceQuery> = fc
  .tuple(
    range,
    fc.oneof(
      { weight: 2, arbitrary: classic },
      { weight: 4, arbitrary: filter.map((each): TraceQuery => ({ filter: each })) },
    ),
  )
  .map(([within, what]) => ({ ...within, ...what }));

const order: fc.Arbitrary<SpanOrder[]> = fc.uniqueArray(
  fc.record(
    {
      field: fc.constantFrom(
        "startTime" as const,
        "duration" as const,
        "traceID" as const,
        "spanID" as const,
      ),
      direction: fc.constantFrom("asc" as const, "desc" as const),
    },
    { requiredKeys: ["field"] },
  ),
  { selector: ({ field }) => field, maxLength: 4 },
);

export const spanQuery: fc.Arbitrary<SpanQuery> = fc
  .tuple(range, fc.record({ filter, orderBy: order }, { requiredKeys: [] }))
  .map(([within, what]) => ({ ...within, ...what }));

export const dependencyWindow = fc.tuple(time, time).map(([a, b]) => ({
  startTimeUnixNano: a < b ? a : b,
  endTimeUnixNano: a < b ? b : a,
}));
