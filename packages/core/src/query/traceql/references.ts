import type { FilterExpression } from "../filter/language/ast.js";
import { quoteKey } from "./quoted.js";

/** A reference in the filter's form. */
export type ReferenceTerm = Extract<
  FilterExpression,
  { readonly attr: unknown } | { readonly field: unknown }
>;
export type AttributeTerm = Extract<ReferenceTerm, { readonly attr: unknown }>["attr"];
export type FieldTerm = Extract<ReferenceTerm, { readonly field: unknown }>["field"];

/** The element that an enclosing `some` binds. Bare fields and `.key` refer to it. */
export type Element = "event" | "link" | undefined;

/** The words before a key's dot, with their levels. */
export const scopeLevels = {
  span: "span",
  resource: "resource",
  event: "event",
  link: "link",
  instrumentation: "scope",
} as const;
export type Scope = keyof typeof scopeLevels;

export function isScope(word: string): word is Scope {
  return Object.hasOwn(scopeLevels, word);
}

interface FieldWord {
  /** `scope:word`. A `bare` word also stands alone. */
  readonly scope: "span" | "trace" | "event" | "link" | "instrumentation";
  readonly word: string;
  readonly field: FieldTerm;
  readonly bare?: true;
}

const fieldWords: readonly FieldWord[] = [
  { scope: "span", word: "name", field: { name: "name", level: "span" }, bare: true },
  { scope: "span", word: "kind", field: { name: "kind", level: "span" }, bare: true },
  { scope: "span", word: "status", field: { name: "status", level: "span" }, bare: true },
  { scope: "span", word: "statusMessage", field: { name: "statusMessage", level: "span" }, bare: true },
  { scope: "span", word: "duration", field: { name: "duration", level: "span" }, bare: true },
  { scope: "span", word: "id", field: { name: "spanID", level: "span" } },
  { scope: "span", word: "parentID", field: { name: "parentSpanID", level: "span" } },
  { scope: "trace", word: "id", field: { name: "traceID", level: "span" } },
  { scope: "event", word: "name", field: { name: "name", level: "event" } },
  { scope: "event", word: "timeSinceStart", field: { name: "timeSinceStart", level: "event" } },
  { scope: "link", word: "traceID", field: { name: "traceID", level: "link" } },
  { scope: "link", word: "spanID", field: { name: "spanID", level: "link" } },
  { scope: "instrumentation", word: "name", field: { name: "name", level: "scope" } },
  { scope: "instrumentation", word: "version", field: { name: "version", level: "scope" } },
];

const fieldScopes: ReadonlySet<string> = new Set(fieldWords.map(({ scope }) => scope));

/** Whether a colon after the word makes it the scope of a field. */
export function isFieldScope(word: string): boolean {
  return fieldScopes.has(word);
}

/** The field of `scope:word`, or of a bare word. */
export function fieldOfWord(
  scope: string | undefined,
  word: string,
  element: Element,
): FieldTerm | undefined {
  return fieldWords.find((each) =>
    scope === undefined
      ? each.word === word && isBare(each, element)
      : each.word === word && each.scope === scope,
  )?.field;
}

function isBare({ scope, bare }: FieldWord, element: Element): boolean {
  return element === undefined ? bare === true : scope === element;
}

/** The spelling of a field; undefined when TraceQL has none. */
export function textOfField({ name, level }: FieldTerm, element: Element): string | undefined {
  const found = fieldWords.find(({ field }) => field.name === name && field.level === level);
  if (found === undefined) return undefined;
  return isBare(found, element) ? found.word : `${found.scope}:${found.word}`;
}

/** The spelling of an attribute; undefined for one without a level inside `some`. */
export function textOfAttribute({ key, level }: AttributeTerm, element: Element): string | undefined {
  if (level === undefined) return element === undefined ? `.${quoteKey(key, false)}` : undefined;
  if (level === element) return `.${quoteKey(key, false)}`;
  return `${scopeOfLevel(level)}.${quoteKey(key, true)}`;
}

function scopeOfLevel(level: string): string {
  return level === "scope" ? "instrumentation" : level;
}

/** All spellings of fields, bare ones first. */
export function fieldTexts(element: Element): string[] {
  const bare = fieldWords.filter((each) => isBare(each, element)).map(({ word }) => word);
  const scoped = fieldWords.filter((each) => !isBare(each, element));
  return [...bare, ...scoped.map(({ scope, word }) => `${scope}:${word}`)];
}

export const fieldsHint = `fields are ${fieldTexts(undefined).join(", ")}`;

/** Next to text, this attribute means the field `service`. */
export const serviceAttribute = { key: "service.name", level: "resource" } as const;
export const serviceField = { name: "service", level: "resource" } as const;

export function isServiceAttribute({ key, level }: AttributeTerm): boolean {
  return key === serviceAttribute.key && level === serviceAttribute.level;
}

export function isServiceField({ name, level }: FieldTerm): boolean {
  return name === serviceField.name && level === serviceField.level;
}
