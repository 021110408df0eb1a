/**
 * The internal form of every search: what the classic search and the structured filter are
 * both turned into, what core evaluates on a span, and what an engine lowers. It is resolved:
 * levels are explicit, durations and instants are nanoseconds, words are numbers.
 */

export type Level = "span" | "resource" | "scope" | "event" | "link";

export const allLevels: readonly Level[] = ["span", "resource", "scope", "event", "link"];

/** An attribute, read at each of `levels`; it holds the values of all of them. */
export interface AttributeRef {
  readonly ref: "attribute";
  readonly key: string;
  readonly levels: readonly Level[];
}

/** A built-in field, named as in `../shared/filter.md`'s closed set. */
export interface FieldRef {
  readonly ref: "field";
  readonly level: Level;
  readonly name: string;
}

export type Reference = AttributeRef | FieldRef;

/**
 * A constant. `string`, `int`, `double` and `bool` equal stored values of that type alone; in an
 * ordered comparison `int` and `double` stand against every stored number. `any` equals a stored
 * value of any type by its text form; ordered, it stands against stored strings by code point and,
 * when it spells a number, against stored numbers.
 */
export type Constant =
  | { readonly type: "any"; readonly text: string }
  | { readonly type: "string"; readonly text: string }
  | { readonly type: "int"; readonly value: bigint }
  | { readonly type: "double"; readonly value: number }
  | { readonly type: "bool"; readonly value: boolean }
  /** Against a field that holds nanoseconds: `startTime`, `endTime`, `duration`, `time`, ... */
  | { readonly type: "nanos"; readonly value: bigint }
  /** Against `kind` and `status`: OTLP's enum number. */
  | { readonly type: "enum"; readonly value: number };

export type Equality = "eq" | "ne";
export type Ordering = "gt" | "lt" | "gte" | "lte";

export type Predicate =
  | { readonly op: "and" | "or"; readonly args: readonly Predicate[] }
  | { readonly op: "not"; readonly arg: Predicate }
  | { readonly op: Equality | Ordering; readonly ref: Reference; readonly value: Constant }
  /** Two references: holds when some pair of their values does (`ne`: when no pair is equal). */
  | {
      readonly op: "compare";
      readonly with: Equality | Ordering;
      readonly left: Reference;
      readonly right: Reference;
    }
  | { readonly op: "in" | "not_in"; readonly ref: Reference; readonly values: readonly Constant[] }
  | { readonly op: "exists"; readonly ref: Reference }
  /** `pattern` is RE2 and has passed validation. */
  | { readonly op: "regex"; readonly ref: Reference; readonly pattern: string }
  | { readonly op: "phrase" | "fulltext"; readonly ref: AttributeRef; readonly words: readonly string[] }
  /** Inside `arg`, references at `level` read the one bound element. */
  | { readonly op: "some"; readonly level: "event" | "link"; readonly arg: Predicate };
