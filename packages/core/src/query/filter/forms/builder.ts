import type { SpanKind, StatusCode } from "../../../model/trace.js";
import type { FilterCall, FilterExpression } from "../language/ast.js";
import { invalidFilter } from "../language/filter-error.js";
import type { Level } from "../language/predicate.js";
import {
  type ConstantType,
  type Operand,
  operandOf,
  type ScalarValue,
  type Spelling,
  spellDuration,
  spellInstant,
  spellScalar,
  spellText,
  typedList,
} from "./builder-values.js";

/** A value of a span that filters can test. Each method returns a complete filter. */
interface Comparable<V> extends Operand {
  /** The span has the value. */
  exists(): FilterCall;
  eq(value: V | Operand): FilterCall;
  /** The span has the value, and it differs. */
  ne(value: V | Operand): FilterCall;
  in(values: readonly V[]): FilterCall;
  /** The span has the value, and it is none of these. */
  notIn(values: readonly V[]): FilterCall;
}

interface Ordered<V> extends Comparable<V> {
  gt(value: V | Operand): FilterCall;
  gte(value: V | Operand): FilterCall;
  lt(value: V | Operand): FilterCall;
  lte(value: V | Operand): FilterCall;
}

interface Textual {
  /** An RE2 pattern, which matches anywhere in the text and is case-sensitive. */
  regex(pattern: string): FilterCall;
}

/** Holds text, ordered by code point. */
export type TextField = Ordered<string> & Textual;
/** Holds a duration: Go's syntax (`2s`, `1h30m`, `50us`) or nanoseconds as a bigint. */
export type DurationField = Ordered<string | bigint>;
/** Holds an instant: RFC 3339, a Date, or nanoseconds since the epoch as a bigint. */
export type InstantField = Ordered<string | Date | bigint>;
/** Holds one of a few words. */
export type WordField<W extends string> = Comparable<W> & Textual;

/**
 * An attribute. JavaScript values have a type: whole numbers and bigints are ints, other numbers doubles, booleans booleans. A
 * string matches stored values of any type by their text. `literal` declares another type.
 */
export interface AttributeField extends Ordered<ScalarValue>, Textual {
  /** The values have one type, or `type` if given. Strings match only stored strings. */
  in(values: readonly ScalarValue[], type?: ConstantType): FilterCall;
  notIn(values: readonly ScalarValue[], type?: ConstantType): FilterCall;
  /** The text contains these words, adjacent and in this order. */
  phrase(...words: string[]): FilterCall;
  /** The text contains all these words, in any order. */
  fulltext(...words: string[]): FilterCall;
}

/** The span's own fields and attributes. */
export const span = {
  attr: attributesOf("span"),
  traceID: textField("span", "traceID"),
  spanID: textField("span", "spanID"),
  parentSpanID: textField("span", "parentSpanID"),
  traceState: textField("span", "traceState"),
  name: textField("span", "name"),
  kind: wordField<keyof typeof SpanKind>("span", "kind"),
  startTime: instantField("span", "startTime"),
  endTime: instantField("span", "endTime"),
  status: wordField<keyof typeof StatusCode>("span", "status"),
  statusMessage: textField("span", "statusMessage"),
  duration: durationField("span", "duration"),
} as const;

/** The resource of the span; `service` is its `service.name`. */
export const resource = {
  attr: attributesOf("resource"),
  service: textField("resource", "service"),
  schemaURL: textField("resource", "schemaURL"),
} as const;

/** The instrumentation scope of the span. */
export const scope = {
  attr: attributesOf("scope"),
  name: textField("scope", "name"),
  version: textField("scope", "version"),
  schemaURL: textField("scope", "schemaURL"),
} as const;

/** Any of the span's events; inside `some(event, ...)` the event that it binds. */
export const event = {
  level: "event",
  attr: attributesOf("event"),
  name: textField("event", "name"),
  time: instantField("event", "time"),
  timeSinceStart: durationField("event", "timeSinceStart"),
} as const;

/** Any of the span's links; inside `some(link, ...)` the link that it binds. */
export const link = {
  level: "link",
  attr: attributesOf("link"),
  traceID: textField("link", "traceID"),
  spanID: textField("link", "spanID"),
  traceState: textField("link", "traceState"),
} as const;

/** An attribute of the span or of its resource. */
export const attr = attributesOf(undefined);

/** All predicates hold. A single predicate is returned unchanged. */
export function and(...predicates: readonly FilterCall[]): FilterCall {
  return combine("and", predicates);
}

/** At least one predicate holds. A single predicate is returned unchanged. */
export function or(...predicates: readonly FilterCall[]): FilterCall {
  return combine("or", predicates);
}

export function not(predicate: FilterCall): FilterCall {
  return call("not", { call: predicate });
}

/** At least one element satisfies the whole predicate. */
export function some(collection: typeof event | typeof link, predicate: FilterCall): FilterCall {
  return call("some", { nested: { level: collection.level } }, { call: predicate });
}

/** Every element satisfies the predicate; true without elements. */
export function every(collection: typeof event | typeof link, predicate: FilterCall): FilterCall {
  return not(some(collection, not(predicate)));
}

function combine(op: "and" | "or", predicates: readonly FilterCall[]): FilterCall {
  const [only, second] = predicates;
  if (only === undefined) throw invalidFilter("filter", `${op} takes at least one predicate`);
  return second === undefined ? only : call(op, ...predicates.map((predicate) => ({ call: predicate })));
}

function call(op: string, ...args: FilterExpression[]): FilterCall {
  return { op, args };
}

function textField(level: Level, name: string): TextField {
  return { ...ordered({ field: { name, level } }, spellText), ...textual({ field: { name, level } }) };
}

function wordField<W extends string>(level: Level, name: string): WordField<W> {
  const expression = { field: { name, level } };
  return { ...comparable<W>(expression, spellText), ...textual(expression) };
}

function durationField(level: Level, name: string): DurationField {
  return ordered({ field: { name, level } }, spellDuration);
}

function instantField(level: Level, name: string): InstantField {
  return ordered({ field: { name, level } }, spellInstant);
}

function attributesOf(level: Level | undefined): (key: string) => AttributeField {
  return (key) => {
    const expression = { attr: level === undefined ? { key } : { key, level } };
    return {
      ...ordered(expression, spellScalar),
      ...textual(expression),
      in: (values, type) => call("in", expression, typedList(values, type)),
      notIn: (values, type) => call("not_in", expression, typedList(values, type)),
      phrase: (...words) => call("phrase", expression, { list: { values: words } }),
      fulltext: (...words) => call("fulltext", expression, { list: { values: words } }),
    };
  };
}

function comparable<V>(expression: FilterExpression, spell: Spelling<V>): Comparable<V> {
  const listOf = (values: readonly V[]): FilterExpression => ({
    list: { values: values.map((value) => spell(value).value) },
  });
  return {
    expression,
    exists: () => call("exists", expression),
    eq: (value) => call("eq", expression, operandOf(value, spell)),
    ne: (value) => call("ne", expression, operandOf(value, spell)),
    in: (values) => call("in", expression, listOf(values)),
    notIn: (values) => call("not_in", expression, listOf(values)),
  };
}

function ordered<V>(expression: FilterExpression, spell: Spelling<V>): Ordered<V> {
  return {
    ...comparable(expression, spell),
    gt: (value) => call("gt", expression, operandOf(value, spell)),
    gte: (value) => call("gte", expression, operandOf(value, spell)),
    lt: (value) => call("lt", expression, operandOf(value, spell)),
    lte: (value) => call("lte", expression, operandOf(value, spell)),
  };
}

function textual(expression: FilterExpression): Textual {
  return { regex: (pattern) => call("regex", expression, { scalar: { value: pattern } }) };
}
