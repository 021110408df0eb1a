import type { AnyValue, KeyValue } from "../../../model/any-value.js";
import { textForm } from "../../../model/text-form.js";
import type { SpanEvent, SpanLink } from "../../../model/trace.js";
import { attributeLookup, firstValueOf } from "../../../otlp/attribute-lookup.js";
import type { ResourceView, SpanView } from "../../../otlp/span-view.js";
import { lookupField, wordOf } from "../language/fields.js";
import { compilePattern } from "../language/pattern.js";
import type { AttributeRef, FieldRef, Level, Predicate, Reference } from "../language/predicate.js";
import { foldWord, wordsIn } from "../language/words.js";
import { comparePairs, type DomainValue, domainOfAttribute, domainOfField } from "./compare-references.js";
import {
  attributeAmong,
  attributeEquals,
  attributeOrdered,
  fieldAmong,
  fieldEquals,
  fieldOrdered,
} from "./constant-tests.js";
import { type FieldValue, fieldScan } from "./field-values.js";

/** A compiled predicate. `event` and `link` are the elements that an enclosing `some` binds. */
type Test = (span: SpanView, event?: SpanEvent, link?: SpanLink) => boolean;

/** The test of a reference's values, for an attribute and for a field. */
interface ValueTest {
  readonly attribute: (value: AnyValue) => boolean;
  readonly field: (value: FieldValue) => boolean;
}

const anything: ValueTest = { attribute: () => true, field: () => true };

/**
 * Compiles a predicate into a function that tells whether a span satisfies it. This is the meaning of a search for every engine.
 * Compile once and evaluate on many spans: cheap tests run first, and tests of the resource run once for spans that share it.
 */
export function compilePredicate(predicate: Predicate): (span: SpanView) => boolean {
  const test = compile(predicate);
  return (span) => test(span);
}

/**
 * Compiles the parts of a predicate that read the resource alone. When the function is false for one span, no span of that
 * resource satisfies the predicate.
 */
export function compileResourceDemand(predicate: Predicate): (span: SpanView) => boolean {
  const demands = (predicate.op === "and" ? predicate.args : [predicate]).filter(
    (arg) => "ref" in arg && readsOnlyResource(arg.ref),
  );
  return demands.length === 0 ? () => true : compilePredicate({ op: "and", args: demands });
}

function compile(predicate: Predicate): Test {
  switch (predicate.op) {
    case "and": {
      const tests = cheapestFirst(predicate.args).map(compile);
      if (tests.length === 1) return tests[0] as Test;
      return (span, event, link) => tests.every((test) => test(span, event, link));
    }
    case "or": {
      const tests = cheapestFirst(predicate.args).map(compile);
      return (span, event, link) => tests.some((test) => test(span, event, link));
    }
    case "not": {
      const test = compile(predicate.arg);
      return (span, event, link) => !test(span, event, link);
    }
    case "some": {
      const test = compile(predicate.arg);
      if (predicate.level === "event") {
        return (span, _event, link) => span.events.some((event) => test(span, event, link));
      }
      return (span, event) => span.links.some((link) => test(span, event, link));
    }
    case "compare":
      return compileComparison(predicate.with, predicate.left, predicate.right);
    default:
      return oncePerResource(predicate.ref, compileLeaf(predicate));
  }
}

type Leaf = Exclude<Predicate, { readonly op: "and" | "or" | "not" | "some" | "compare" }>;

function compileLeaf(leaf: Leaf): Test {
  switch (leaf.op) {
    case "exists":
      return someValue(leaf.ref, anything);
    case "eq":
    case "ne": {
      const equal = { attribute: attributeEquals(leaf.value), field: fieldEquals(leaf.value) };
      return leaf.op === "eq" ? someValue(leaf.ref, equal) : noValue(leaf.ref, equal);
    }
    case "in":
    case "not_in": {
      const among = { attribute: attributeAmong(leaf.values), field: fieldAmong(leaf.values) };
      return leaf.op === "in" ? someValue(leaf.ref, among) : noValue(leaf.ref, among);
    }
    case "regex":
      return compileRegex(leaf.ref, leaf.pattern);
    case "phrase":
    case "fulltext":
      return compileWords(leaf.op, leaf.ref, leaf.words);
    default:
      return someValue(leaf.ref, {
        attribute: attributeOrdered(leaf.op, leaf.value),
        field: fieldOrdered(leaf.op, leaf.value),
      });
  }
}

/** Some value passes. */
function someValue(ref: Reference, test: ValueTest): Test {
  if (ref.ref === "attribute") return someAttribute(ref, test.attribute);
  const scan = fieldScan(ref);
  return (span, event, link) => scan(span, event, link, test.field);
}

/** There is a value, and none passes. */
function noValue(ref: Reference, test: ValueTest): Test {
  const present = someValue(ref, anything);
  const passes = someValue(ref, test);
  return (span, event, link) => present(span, event, link) && !passes(span, event, link);
}

function someAttribute(ref: AttributeRef, test: (value: AnyValue) => boolean): Test {
  const { key } = ref;
  const scans = ref.levels.map((level) => attributeScan(level, key, test));
  if (scans.length === 1) return scans[0] as Test;
  return (span, event, link) => scans.some((scan) => scan(span, event, link));
}

function attributeScan(level: Level, key: string, test: (value: AnyValue) => boolean): Test {
  const passes = (attributes: readonly KeyValue[]): boolean => {
    const value = firstValueOf(key, attributes);
    return value !== undefined && test(value);
  };
  switch (level) {
    case "span": {
      const lookup = attributeLookup(key);
      return (span) => {
        const value = span.attribute(lookup);
        return value !== undefined && test(value);
      };
    }
    case "resource":
      return (span) => passes(span.resource.attributes);
    case "scope":
      return (span) => passes(span.scope.attributes);
    case "event":
      return (span, event) =>
        event !== undefined
          ? passes(event.attributes ?? [])
          : span.events.some((each) => passes(each.attributes ?? []));
    case "link":
      return (span, _event, link) =>
        link !== undefined
          ? passes(link.attributes ?? [])
          : span.links.some((each) => passes(each.attributes ?? []));
  }
}

/** Matches strings, numbers and booleans by their text, kinds and statuses by their words. */
function compileRegex(ref: Reference, pattern: string): Test {
  const matches = compilePattern(pattern);
  const type = ref.ref === "field" ? lookupField(ref.level, ref.name)?.type : undefined;
  return someValue(ref, {
    attribute: (value) => {
      if ("stringValue" in value) return matches(value.stringValue);
      const isText = "intValue" in value || "doubleValue" in value || "boolValue" in value;
      return isText && matches(textForm(value));
    },
    field: (value) => {
      if (typeof value === "string") return matches(value);
      return (type === "kind" || type === "status") && matches(wordOf(type, Number(value)));
    },
  });
}

function compileWords(op: "phrase" | "fulltext", ref: AttributeRef, listed: readonly string[]): Test {
  const wanted = listed.map(foldWord);
  const phrase = ` ${wanted.join(" ")} `;
  return someAttribute(ref, (value) => {
    if (!("stringValue" in value)) return false;
    const words = wordsIn(value.stringValue);
    // Words have no spaces, so adjacent words form a substring of the words joined by spaces.
    if (op === "phrase") return ` ${words.join(" ")} `.includes(phrase);
    const found = new Set(words);
    return wanted.every((word) => found.has(word));
  });
}

function compileComparison(
  op: Extract<Predicate, { readonly op: "compare" }>["with"],
  left: Reference,
  right: Reference,
): Test {
  const leftValues = valuesOf(left);
  const rightValues = valuesOf(right);
  return (span, event, link) =>
    comparePairs(op, leftValues(span, event, link), rightValues(span, event, link));
}

function valuesOf(ref: Reference): (span: SpanView, event?: SpanEvent, link?: SpanLink) => DomainValue[] {
  const type = ref.ref === "field" ? (lookupField(ref.level, ref.name)?.type ?? "string") : "string";
  let values: DomainValue[] = [];
  const collect = someValue(ref, {
    attribute: (value) => {
      values.push(domainOfAttribute(value));
      return false;
    },
    field: (value) => {
      values.push(domainOfField(type, value));
      return false;
    },
  });
  return (span, event, link) => {
    values = [];
    collect(span, event, link);
    return values;
  };
}

/** Caches the answer for the last resource, since spans of one resource are consecutive. */
function oncePerResource(ref: Reference, test: Test): Test {
  if (!readsOnlyResource(ref)) return test;
  let last: ResourceView | undefined;
  let answer = false;
  return (span) => {
    if (last !== span.resource) {
      answer = test(span);
      last = span.resource;
    }
    return answer;
  };
}

function readsOnlyResource(ref: Reference): boolean {
  if (ref.ref === "field") return ref.level === "resource";
  return ref.levels.length === 1 && ref.levels[0] === "resource";
}

function cheapestFirst(predicates: readonly Predicate[]): Predicate[] {
  return [...predicates].sort((a, b) => costOf(a) - costOf(b));
}

/** A rough cost: encoded parts cost more than decoded ones, events more than attributes. */
function costOf(predicate: Predicate): number {
  switch (predicate.op) {
    case "and":
    case "or":
      return predicate.args.reduce((cost, arg) => cost + costOf(arg), 0);
    case "not":
      return costOf(predicate.arg);
    case "some":
      return 50 + costOf(predicate.arg);
    case "compare":
      return costOfRef(predicate.left) + costOfRef(predicate.right);
    case "regex":
    case "phrase":
    case "fulltext":
      return costOfRef(predicate.ref) + 10;
    default:
      return costOfRef(predicate.ref);
  }
}

const levelCosts: Readonly<Record<Level, number>> = { span: 20, resource: 4, scope: 6, event: 60, link: 60 };

function costOfRef(ref: AttributeRef | FieldRef): number {
  if (ref.ref === "attribute") return ref.levels.reduce((cost, level) => cost + levelCosts[level], 0);
  if (ref.level === "span") {
    const type = lookupField(ref.level, ref.name)?.type;
    return type === "string" ? 3 : 1;
  }
  return ref.level === "scope" ? 2 : levelCosts[ref.level];
}
