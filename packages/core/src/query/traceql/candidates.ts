import { type ScalarValue, spellScalar } from "../filter/forms/builder-values.js";
import { lookupField, wordsOf } from "../filter/language/fields.js";
import { allLevels, type Level } from "../filter/language/predicate.js";
import type { Expected } from "./cursor.js";
import { quote, quotePattern } from "./quoted.js";
import {
  type Element,
  fieldTexts,
  isScope,
  type ReferenceTerm,
  scopeLevels,
  serviceAttribute,
  textOfAttribute,
  textOfField,
} from "./references.js";
import { comparisonOps, functions, logicOps, type Operand } from "./syntax.js";

/** The names in a store that the caller knows. Completion offers them. */
export interface TraceQlNames {
  /** Keys of attributes by level. */
  readonly keys?: Readonly<Partial<Record<Level, readonly string[]>>>;
  /**
   * Values by reference, in its spelling outside of `some`: `name`, `event:name`, `resource.service.name`,
   * `span.http.method`, `.key`.
   */
  readonly values?: Readonly<Record<string, readonly ScalarValue[]>>;
}

export interface TraceQlCandidate {
  /** Replaces the completion's range. */
  readonly text: string;
  /** A `level` begins an attribute, such as `span.`. */
  readonly kind: "field" | "level" | "attribute" | "value" | "operator" | "function" | "punctuation";
}

/** Names that would add candidates. A caller that lacks them asks its store and completes again. */
export type WantedNames =
  | { readonly what: "keys"; readonly levels: readonly Level[]; readonly prefix: string }
  | {
      readonly what: "values";
      /** The property of `TraceQlNames.values`. */
      readonly of: string;
      /** The same reference in the filter's form. */
      readonly reference: ReferenceTerm;
    };

/** The candidates that the parser accepts here and that begin with the typed text. */
export function candidatesFor(expected: Expected, typed: string, names: TraceQlNames): TraceQlCandidate[] {
  switch (expected.what) {
    case "condition":
      return [
        ...references(expected.element, typed, names),
        ...matching(
          "function",
          Object.keys(functions).map((name) => `${name}(`),
          typed,
        ),
        ...matching("operator", ["!"], typed),
        ...matching("punctuation", ["("], typed),
      ];
    case "reference":
      return references(expected.element, typed, names);
    case "comparison":
      return matching("operator", operatorsBehind(expected.left), typed);
    case "value":
      return [
        ...values(expected.left, expected.op, typed, names),
        // Comparisons with another reference are rare, so references are offered only after a first character.
        ...(typed !== "" && comparesReferences(expected.left, expected.op)
          ? references(expected.element, typed, names)
          : []),
      ];
    case "logic":
      return matching("operator", Object.keys(logicOps), typed);
    case "collection":
      return matching("field", ["event", "link"], typed);
    case "punctuation":
      return matching("punctuation", [expected.text], typed);
    case "words":
      return [];
  }
}

/** The names that the parser accepts here. */
export function namesFor(expected: Expected, typed: string): WantedNames | undefined {
  switch (expected.what) {
    case "condition":
    case "reference": {
      const [, scope, prefix = ""] = /^(\w*)\.(.*)$/s.exec(typed) ?? [];
      if (scope === undefined) return { what: "keys", levels: allLevels, prefix: typed };
      if (isScope(scope)) return { what: "keys", levels: [scopeLevels[scope]], prefix };
      return scope === "" ? { what: "keys", levels: bareLevels(expected.element), prefix } : undefined;
    }
    case "value": {
      const { left } = expected;
      if (left.kind !== "reference" || wordsOfField(left.term) !== undefined) return undefined;
      return { what: "values", of: writingOf(left.term), reference: left.term };
    }
    default:
      return undefined;
  }
}

function matching(
  kind: TraceQlCandidate["kind"],
  texts: readonly string[],
  typed: string,
): TraceQlCandidate[] {
  return texts.filter((text) => beginsWith(text, typed)).map((text) => ({ text, kind }));
}

function beginsWith(text: string, typed: string): boolean {
  return text.toLowerCase().startsWith(typed.toLowerCase());
}

function references(element: Element, typed: string, names: TraceQlNames): TraceQlCandidate[] {
  const service = textOfAttribute(serviceAttribute, undefined) as string;
  const isDotted = typed.startsWith(".");
  const levels = isDotted ? bareLevels(element) : allLevels;
  const keys = levels.flatMap((level) =>
    (names.keys?.[level] ?? []).flatMap((key) => {
      const text = textOfAttribute(isDotted ? { key } : { key, level }, undefined) as string;
      // Finds an odd key without its quote, and a key without its level.
      const spellings = [text, key, `${text.slice(0, text.indexOf(".") + 1)}${key}`];
      const isMeant = typed === "" || spellings.some((each) => beginsWith(each, typed));
      return isMeant && text !== service ? [text] : [];
    }),
  );
  return [
    ...matching("field", [...fieldTexts(element), service], typed),
    ...matching("level", ["span.", "resource.", "event.", "link.", "instrumentation.", "."], typed),
    ...[...new Set(keys)].map((text): TraceQlCandidate => ({ text, kind: "attribute" })),
  ];
}

/** The levels of a key after a bare dot. */
function bareLevels(element: Element): readonly Level[] {
  return element === undefined ? ["span", "resource"] : [element];
}

function operatorsBehind(left: Operand): string[] {
  const all = Object.keys(comparisonOps);
  if (left.kind === "nil") return ["=", "!="];
  if (left.kind === "constant") return all.filter((op) => !op.includes("~"));
  if ("attr" in left.term) return all;
  const { level, name } = left.term.field;
  if (lookupField(level, name)?.type === "duration") return all.filter((op) => !op.includes("~"));
  return wordsOfField(left.term) === undefined ? all : all.filter((op) => !/[<>]/.test(op));
}

/** The words of a field with a fixed set of values; undefined for other references. */
function wordsOfField(term: ReferenceTerm): readonly string[] | undefined {
  const type = "field" in term ? lookupField(term.field.level, term.field.name)?.type : undefined;
  return type === "kind" || type === "status" ? [...wordsOf(type).keys()] : undefined;
}

function comparesReferences(left: Operand, op: string): boolean {
  if (!Object.hasOwn(comparisonOps, op) || op.endsWith("~")) return false;
  return left.kind !== "reference" || wordsOfField(left.term) === undefined;
}

/** The spelling of a reference outside of `some`. */
function writingOf(term: ReferenceTerm): string {
  return (
    "attr" in term ? textOfAttribute(term.attr, undefined) : textOfField(term.field, undefined)
  ) as string;
}

function values(left: Operand, op: string, typed: string, names: TraceQlNames): TraceQlCandidate[] {
  const nil = op === "=" || op === "!=" ? matching("value", ["nil"], typed) : [];
  if (left.kind !== "reference") return nil;
  const words = op.endsWith("~") ? undefined : wordsOfField(left.term);
  if (words !== undefined) return [...matching("value", words, typed), ...nil];
  const known = writingsOf(left.term).flatMap((writing) =>
    names.values !== undefined && Object.hasOwn(names.values, writing) ? (names.values[writing] ?? []) : [],
  );
  const spelled = known.flatMap((value) => {
    const text = spell(value, left.term, op);
    return beginsWith(text, typed) || beginsWith(String(value), typed) ? [text] : [];
  });
  return [...[...new Set(spelled)].map((text): TraceQlCandidate => ({ text, kind: "value" })), ...nil];
}

/** All spellings whose values apply: a key without a level has those of the span and of the resource. */
function writingsOf(term: ReferenceTerm): string[] {
  if ("field" in term || term.attr.level !== undefined) return [writingOf(term)];
  const { key } = term.attr;
  return [{ key }, { key, level: "span" }, { key, level: "resource" }].map((attr) => writingOf({ attr }));
}

function spell(value: ScalarValue, term: ReferenceTerm, op: string): string {
  const text = String(value);
  if (op.endsWith("~")) return quotePattern(text.replace(/[\\.+*?()|[\]{}^$]/g, "\\$&"));
  const isDuration = "field" in term && lookupField(term.field.level, term.field.name)?.type === "duration";
  if (isDuration) return text;
  return typeof value === "string" ? quote(value) : spellScalar(value).value;
}
