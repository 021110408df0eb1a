/**
 * The internal form of every search. Core turns the classic search and the structured filter into it and evaluates it on spans;
 * engines lower it. It is resolved: levels are explicit, durations and instants are nanoseconds, words are numbers.
 */

export type Level = "span" | "resource" | "scope" | "event" | "link";

export const allLevels: readonly Level[] = ["span", "resource", "scope", "event", "link"];

/** An attribute. Its values are those of all `levels`. */
export interface AttributeRef {
  readonly ref: "attribute";
  readonly key: string;
  readonly levels: readonly Level[];
}

/** A built-in field; fields.ts lists them all. */
export interface FieldRef {
  readonly ref: "field";
  readonly level: Level;
  readonly name: string;
}

export type Reference = AttributeRef | FieldRef;

/**
 * A constant. `string`, `int`, `double` and `bool` equal only stored values of their type; in ordered comparisons `int` and
 * `double` compare with every stored number. `any` equals a stored value of any type by its text form; in ordered comparisons
 * it compares with stored strings by code point and, when it spells a number, with stored numbers.
 */
export type Constant =
  | { readonly type: "any"; readonly text: string }
  | { readonly type: "string"; readonly text: string }
  | { readonly type: "int"; readonly value: bigint }
  | { readonly type: "double"; readonly value: number }
  | { readonly type: "bool"; readonly value: boolean }
  /** For a field that holds nanoseconds: `startTime`, `endTime`, `duration`, `time`, `timeSinceStart`. */
  | { readonly type: "nanos"; readonly value: bigint }
  /** For `kind` and `status`: OTLP's enum number. */
  | { readonly type: "enum"; readonly value: number };

export type Equality = "eq" | "ne";
export type Ordering = "gt" | "lt" | "gte" | "lte";

export type Predicate =
  | { readonly op: "and" | "or"; readonly args: readonly Predicate[] }
  | { readonly op: "not"; readonly arg: Predicate }
  | { readonly op: Equality | Ordering; readonly ref: Reference; readonly value: Constant }
  /** Compares two references: some pair of their values must satisfy it; for `ne` no pair may be equal. */
  | {
      readonly op: "compare";
      readonly with: Equality | Ordering;
      readonly left: Reference;
      readonly right: Reference;
    }
  | { readonly op: "in" | "not_in"; readonly ref: Reference; readonly values: readonly Constant[] }
  | { readonly op: "exists"; readonly ref: Reference }
  /** `pattern` is valid RE2. */
  | { readonly op: "regex"; readonly ref: Reference; readonly pattern: string }
  | { readonly op: "phrase" | "fulltext"; readonly ref: AttributeRef; readonly words: readonly string[] }
  /** Inside `arg`, references at `level` read the bound element. */
  | { readonly op: "some"; readonly level: "event" | "link"; readonly arg: Predicate };
