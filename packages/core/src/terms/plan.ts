import type {
  AttributeRef,
  Constant,
  Level,
  Ordering,
  Predicate,
  Reference,
} from "../query/filter/language/predicate.js";
import { foldWord } from "../query/filter/language/words.js";
import {
  type Bounds,
  boundsOf,
  cover,
  durationBuckets,
  narrower,
  numberBuckets,
  numberIn,
} from "./ranges.js";
import { type Term, termOf } from "./term.js";
import { allOf, anyOf, type TermNode } from "./term-node.js";
import { wordTerm } from "./word-terms.js";

/**
 * The terms that a fragment with a match must have; undefined when the predicate requires none. The condition may be too
 * weak, never too strong: an engine that follows it may list too many candidates, never too few.
 */
export function requiredTerms(predicate: Predicate): TermNode | undefined {
  return required(predicate, singleLevels);
}

/** Levels at which a key has one value. Within `some` its level is one of them: the predicate is about one element. */
const singleLevels: readonly Level[] = ["span", "resource", "scope"];

function required(predicate: Predicate, single: readonly Level[]): TermNode | undefined {
  switch (predicate.op) {
    case "and":
      return conjunction(flattened(predicate.args), single);
    case "or":
      return anyOf(predicate.args.map((arg) => required(arg, single)));
    case "eq":
      return equals(predicate.ref, predicate.value);
    case "in":
      return anyOf(predicate.values.map((value) => equals(predicate.ref, value)));
    case "gt":
    case "gte":
    case "lt":
    case "lte":
      return conjunction([predicate], single);
    case "ne":
    case "not_in":
    case "regex":
    case "exists":
      return present(predicate.ref);
    case "phrase":
    case "fulltext":
      return hasWords(predicate.ref, predicate.words);
    case "compare":
      return allOf([present(predicate.left), present(predicate.right)]);
    case "some":
      return required(predicate.arg, [...single, predicate.level]);
    case "not":
      return undefined;
  }
}

/**
 * Terms are hashes of the original bytes. Invalid UTF-8 decodes to U+FFFD, so the bytes of a text with U+FFFD are unknown.
 */
function hasKnownBytes(text: string): boolean {
  return !text.includes("\ufffd");
}

/** The condition that the key exists at one of the levels; none for fields, whose presence has no term. */
function present(ref: Reference): TermNode | undefined {
  if (ref.ref === "field" || !hasKnownBytes(ref.key)) return undefined;
  return anyLevel(ref, (level) => termOf.attributeKey(level, ref.key));
}

function anyLevel(ref: AttributeRef, term: (level: AttributeRef["levels"][number]) => Term): TermNode {
  const nodes = ref.levels.map((level) => ({ term: term(level) }));
  return nodes.length === 1 ? (nodes[0] as TermNode) : { any: nodes };
}

/** The condition that the key exists, and that each word is in any text or is the key's whole text. */
function hasWords(ref: AttributeRef, words: readonly string[]): TermNode | undefined {
  const key = present(ref);
  if (key === undefined) return undefined;
  const each = [...new Set(words.map(foldWord))].map((word) =>
    anyOf([{ term: wordTerm(word) }, anyLevel(ref, (level) => termOf.attribute(level, ref.key, word))]),
  );
  return allOf([key, ...each]);
}

function equals(ref: Reference, value: Constant): TermNode | undefined {
  if (ref.ref === "attribute") {
    const text = constantText(value);
    if (!hasKnownBytes(ref.key)) return undefined;
    // An equal double may have another text form in the store, so only its key is required.
    return text === undefined || !hasKnownBytes(text)
      ? present(ref)
      : anyLevel(ref, (level) => termOf.attribute(level, ref.key, text));
  }
  if ("text" in value && !hasKnownBytes(value.text)) return undefined;
  switch (`${ref.level}.${ref.name}`) {
    case "resource.service":
      return "text" in value && value.text !== ""
        ? { term: termOf.attribute("resource", "service.name", value.text) }
        : undefined;
    case "span.name":
      return "text" in value ? { term: termOf.name(value.text) } : undefined;
    case "span.kind":
      return value.type === "enum" ? { term: termOf.kind(value.value) } : undefined;
    case "span.status":
      return value.type === "enum" ? { term: termOf.status(value.value) } : undefined;
    case "span.statusMessage":
      return "text" in value && value.text !== "" ? { term: termOf.statusMessage(value.text) } : undefined;
    case "span.duration":
      return value.type === "nanos" ? durationTerms({ min: value.value, max: value.value }) : undefined;
    case "scope.name":
      return "text" in value ? { term: termOf.scopeName(value.text) } : undefined;
    case "scope.version":
      return "text" in value ? { term: termOf.scopeVersion(value.text) } : undefined;
    case "event.name":
      return "text" in value ? { term: termOf.eventName(value.text) } : undefined;
    default:
      return undefined;
  }
}

/** The text form that every equal value in the store has; undefined when they may differ. */
function constantText(value: Constant): string | undefined {
  switch (value.type) {
    case "any":
    case "string":
      return value.text;
    case "int":
      return value.value.toString();
    case "bool":
      return String(value.value);
    default:
      return undefined;
  }
}

type Comparison = Extract<Predicate, { readonly value: Constant }> & { readonly op: Ordering };

/** The bounds that a conjunction sets for one number. */
interface BoundNumber {
  readonly ref: Reference;
  readonly bounds: Bounds;
}

/**
 * A fragment may hold spans of several services, so the separate terms of a service and of a name, status or duration may
 * come from different spans. The index therefore has terms for these pairs, which replace the separate terms. Bounds of one
 * number are joined into one range, which is narrower than the two half-open ones.
 */
function conjunction(args: readonly Predicate[], single: readonly Level[]): TermNode | undefined {
  const service = args.map(serviceOf).find((name) => name !== undefined);
  const nodes: (TermNode | undefined)[] = [];
  const ranges = new Map<string, BoundNumber>();
  let paired = false;
  const rest: Predicate[] = [];
  for (const arg of args) {
    const pair = service === undefined ? undefined : servicePair(service, arg);
    if (pair !== undefined) {
      nodes.push(pair);
      paired = true;
    } else if (isOrdered(arg)) {
      addBounds(ranges, arg, single, nodes);
    } else {
      rest.push(arg);
    }
  }
  for (const { ref, bounds } of ranges.values()) {
    if (ref.ref === "attribute") {
      nodes.push(numberTerms(ref, bounds as Bounds<number>));
    } else {
      const terms = durationTerms(bounds as Bounds<bigint>, service);
      nodes.push(terms);
      paired ||= terms !== undefined;
    }
  }
  for (const arg of rest) {
    if (paired && serviceOf(arg) === service && service !== undefined) continue;
    nodes.push(required(arg, single));
  }
  return allOf(nodes);
}

function flattened(args: readonly Predicate[]): Predicate[] {
  return args.flatMap((arg) => (arg.op === "and" ? flattened(arg.args) : [arg]));
}

function isOrdered(arg: Predicate): arg is Comparison {
  return arg.op === "gt" || arg.op === "gte" || arg.op === "lt" || arg.op === "lte";
}

/** Adds a comparison to the bounds of its number, or as the condition that its key exists. */
function addBounds(
  ranges: Map<string, BoundNumber>,
  { op, ref, value }: Comparison,
  single: readonly Level[],
  nodes: (TermNode | undefined)[],
): void {
  let bounds: Bounds;
  let place: string;
  if (ref.ref === "field") {
    if (ref.level !== "span" || ref.name !== "duration" || value.type !== "nanos") return;
    bounds = boundsOf(op, value.value);
    place = "duration";
  } else {
    const number = numberIn(value);
    if (number === undefined || !hasKnownBytes(ref.key)) {
      nodes.push(present(ref));
      return;
    }
    bounds = boundsOf(op, number);
    const [level] = ref.levels;
    // If a key has several values, one may satisfy the lower bound and another the upper.
    const hasOneValue = ref.levels.length === 1 && level !== undefined && single.includes(level);
    place = hasOneValue ? `${level} ${ref.key}` : `${ranges.size}`;
  }
  const known = ranges.get(place);
  ranges.set(place, { ref, bounds: known === undefined ? bounds : narrower(known.bounds, bounds) });
}

function numberTerms(ref: AttributeRef, bounds: Bounds<number>): TermNode {
  return {
    any: cover(
      numberBuckets(bounds),
      (bucket) => anyLevel(ref, (level) => termOf.numberBucket(level, ref.key, bucket)),
      (bucket) => anyLevel(ref, (level) => termOf.wideNumberBucket(level, ref.key, bucket)),
    ),
  };
}

function durationTerms(bounds: Bounds<bigint>, service?: string): TermNode | undefined {
  const buckets = durationBuckets(bounds);
  if (buckets === undefined) return undefined;
  if (service === undefined) {
    return {
      any: cover(
        buckets,
        (bucket) => ({ term: termOf.duration(bucket) }),
        (bucket) => ({ term: termOf.wideDuration(bucket) }),
      ),
    };
  }
  return {
    any: cover(
      buckets,
      (bucket) => ({ term: termOf.serviceDuration(service, bucket) }),
      (bucket) => ({ term: termOf.serviceWideDuration(service, bucket) }),
    ),
  };
}

/** The term for a service with a name, or with a status that is set, on one span. */
function servicePair(service: string, arg: Predicate): TermNode | undefined {
  if (arg.op !== "eq" || arg.ref.ref !== "field" || arg.ref.level !== "span") return undefined;
  const { ref, value } = arg;
  if (ref.name === "name" && "text" in value && hasKnownBytes(value.text)) {
    return { term: termOf.serviceName(service, value.text) };
  }
  if (ref.name === "status" && value.type === "enum" && value.value !== 0) {
    return { term: termOf.serviceStatus(service, value.value) };
  }
  return undefined;
}

function serviceOf(predicate: Predicate): string | undefined {
  if (predicate.op !== "eq" || predicate.ref.ref !== "field") return undefined;
  const { level, name } = predicate.ref;
  if (level !== "resource" || name !== "service" || !("text" in predicate.value)) return undefined;
  const { text } = predicate.value;
  return text === "" || !hasKnownBytes(text) ? undefined : text;
}
