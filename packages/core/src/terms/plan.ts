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
 * The terms that the spans of every match must have between them; undefined when nothing is known.
 * It may ask for too little, never for too much, so an engine that follows it lists too many
 * candidates at worst.
 */
export function requiredTerms(predicate: Predicate): TermNode | undefined {
  return required(predicate, singleLevels);
}

/** Levels at which a key has one value; an enclosing `some` adds the level whose element it binds. */
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
 * Terms are made of the bytes that came, and bytes that are no UTF-8 are read as U+FFFD: what they are is not
 * known from the text.
 */
function hasKnownBytes(text: string): boolean {
  return !text.includes("\ufffd");
}

/** The key is there, at one of the levels; fields are not known to the index as such. */
function present(ref: Reference): TermNode | undefined {
  if (ref.ref === "field" || !hasKnownBytes(ref.key)) return undefined;
  return anyLevel(ref, (level) => termOf.attributeKey(level, ref.key));
}

function anyLevel(ref: AttributeRef, term: (level: AttributeRef["levels"][number]) => Term): TermNode {
  const nodes = ref.levels.map((level) => ({ term: term(level) }));
  return nodes.length === 1 ? (nodes[0] as TermNode) : { any: nodes };
}

/** The key, and every word: in some text, or as all of the key's. */
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
    // A double that is written otherwise in the store still equals, so its key is all that is known.
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

/** The text form of a constant that an equal value in the store must have. */
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

/** The bounds that a conjunction sets to one number, and the comparisons that say so. */
interface BoundNumber {
  readonly ref: Reference;
  readonly bounds: Bounds;
}

/**
 * A fragment may hold spans of several services, so that a service and a name, a status or a
 * duration beside it need not stand on the same span. The index keeps these pairs as terms, which say all that
 * the parts' own terms would. Bounds of one number are one range: a rare value between common ones is found by it.
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

/** Adds what a comparison says: to the bounds of its number, or as a condition of its own. */
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
    // Where a key has several values, one may keep to the lower bound and another to the upper.
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

/** The term of a service and a name, or a status that is set, on the same span. */
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
