import type { AnyValue } from "../model/any-value.js";
import { doubleText, textForm } from "../model/text-form.js";
import { StatusCode } from "../model/trace.js";
import { wordsOf } from "./filter/language/fields.js";
import { parseBool } from "./filter/language/literals.js";
import { allLevels, type FieldRef, type Level, type Predicate } from "./filter/language/predicate.js";
import type { TraceQuery } from "./trace-query.js";

type QueryValue = AnyValue | string | number | boolean | bigint;

const never: Predicate = { op: "or", args: [] };

/** The classic parts of a query as one predicate, with the meaning of Jaeger's memory store. */
export function classicPredicate(query: TraceQuery): Predicate {
  const args: Predicate[] = [];
  if (query.service) args.push(equals(field("resource", "service"), query.service));
  if (query.operation) args.push(equals(field("span", "name"), query.operation));
  const duration = field("span", "duration");
  if (query.minDurationNano) {
    args.push({ op: "gte", ref: duration, value: { type: "nanos", value: query.minDurationNano } });
  }
  if (query.maxDurationNano) {
    args.push({ op: "lte", ref: duration, value: { type: "nanos", value: query.maxDurationNano } });
  }
  for (const [key, value] of Object.entries(query.attributes ?? {})) {
    args.push(attributePredicate(key, value));
  }
  return args.length === 1 ? (args[0] as Predicate) : { op: "and", args };
}

function attributePredicate(key: string, value: QueryValue): Predicate {
  switch (key) {
    case "error":
      return errorPredicate(value);
    case "span.status":
      return wordPredicate("status", value);
    case "span.kind":
      return wordPredicate("kind", value);
    case "scope.name":
    case "scope.version":
      return scopePredicate(field("scope", key.slice("scope.".length)), textOf(value));
  }
  const isResource = key.startsWith("resource.");
  const levels: readonly Level[] = isResource ? ["resource"] : allLevels;
  return {
    op: "eq",
    ref: { ref: "attribute", key: isResource ? key.slice("resource.".length) : key, levels },
    value: { type: "any", text: textOf(value) },
  };
}

/** `error` reads the status alone: true matches error, false any other status, and a value that is no boolean nothing. */
function errorPredicate(value: QueryValue): Predicate {
  const wanted = booleanOf(value);
  if (wanted === undefined) return never;
  return {
    op: wanted ? "eq" : "ne",
    ref: field("span", "status"),
    value: { type: "enum", value: StatusCode.error },
  };
}

function booleanOf(value: QueryValue): boolean | undefined {
  if (typeof value === "boolean") return value;
  if (typeof value === "string") return parseBool(value);
  if (typeof value !== "object") return undefined;
  if ("boolValue" in value) return value.boolValue;
  return "stringValue" in value ? parseBool(value.stringValue) : undefined;
}

/** A word that names no kind or status means the unset one. */
function wordPredicate(name: "kind" | "status", value: QueryValue): Predicate {
  const word = textOf(value).toUpperCase().toLowerCase();
  const number = wordsOf(name).get(word) ?? 0;
  return { op: "eq", ref: field("span", name), value: { type: "enum", value: number } };
}

/** An empty text matches scopes without the field, which in a filter is an absent field. */
function scopePredicate(ref: FieldRef, text: string): Predicate {
  return text === "" ? { op: "not", arg: { op: "exists", ref } } : equals(ref, text);
}

function equals(ref: FieldRef, text: string): Predicate {
  return { op: "eq", ref, value: { type: "string", text } };
}

function field(level: Level, name: string): FieldRef {
  return { ref: "field", level, name };
}

function textOf(value: QueryValue): string {
  if (typeof value === "object") return textForm(value);
  return typeof value === "number" ? doubleText(value) : String(value);
}
