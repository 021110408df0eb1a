import type { AttributeRef, Constant, Predicate, Reference } from "../query/filter/predicate.js";
import {
  bucketsPerWide,
  durationBucket,
  maxDurationBucket,
  maxNumberBucket,
  numberBucket,
  type Term,
  termOf,
  wideBucket,
} from "./term.js";

/** What an index must hold for a match: a term, or all or any of several conditions. */
export type TermNode =
  | { readonly term: Term }
  | { readonly all: readonly TermNode[] }
  | { readonly any: readonly TermNode[] };

/**
 * The terms that the spans of every match must have between them; undefined when nothing is known.
 * It may ask for too little, never for too much, so an engine that follows it lists too many
 * candidates at worst.
 */
export function requiredTerms(predicate: Predicate): TermNode | undefined {
  switch (predicate.op) {
    case "and":
      return conjunction(predicate.args);
    case "or":
      return anyOf(predicate.args.map(requiredTerms));
    case "eq":
      return equals(predicate.ref, predicate.value);
    case "in":
      return anyOf(predicate.values.map((value) => equals(predicate.ref, value)));
    case "gt":
    case "gte":
    case "lt":
    case "lte":
      return ordered(predicate);
    case "ne":
    case "not_in":
    case "regex":
    case "exists":
      return present(predicate.ref);
    case "phrase":
    case "fulltext":
      return present(predicate.ref);
    case "compare":
      return allOf([present(predicate.left), present(predicate.right)]);
    case "some":
      return requiredTerms(predicate.arg);
    case "not":
      return undefined;
  }
}

function allOf(nodes: readonly (TermNode | undefined)[]): TermNode | undefined {
  const known = nodes.filter((node) => node !== undefined);
  if (known.some(isImpossible)) return impossible;
  if (known.length <= 1) return known[0];
  return { all: known };
}

function anyOf(nodes: readonly (TermNode | undefined)[]): TermNode | undefined {
  const possible: TermNode[] = [];
  for (const node of nodes) {
    if (node === undefined) return undefined;
    if (!isImpossible(node)) possible.push(node);
  }
  return possible.length === 1 ? possible[0] : { any: possible };
}

const impossible: TermNode = { any: [] };

/**
 * Terms are made of the bytes that came, and bytes that are no UTF-8 are read as U+FFFD: what they are is not
 * known from the text.
 */
function hasKnownBytes(text: string): boolean {
  return !text.includes("\ufffd");
}

/** Whether nothing at all can match. */
export function isImpossible(node: TermNode): boolean {
  return "any" in node && node.any.length === 0;
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
      return value.type === "nanos" ? durationTerms(value.value, value.value) : undefined;
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

function ordered(predicate: Extract<Predicate, { value: Constant }>): TermNode | undefined {
  const { ref, value } = predicate;
  const upwards = predicate.op === "gt" || predicate.op === "gte";
  if (ref.ref === "field") {
    if (ref.level !== "span" || ref.name !== "duration" || value.type !== "nanos") return undefined;
    return upwards ? durationTerms(value.value, undefined) : durationTerms(undefined, value.value);
  }
  const number = numberOf(value);
  if (number === undefined || !hasKnownBytes(ref.key)) return present(ref);
  const bucket = numberBucket(number + Math.abs(number) * (upwards ? -rounding : rounding));
  if (bucket === undefined) return present(ref);
  const from = upwards ? bucket : -maxNumberBucket;
  const to = upwards ? maxNumberBucket : bucket;
  return rangeOf(
    [from, to],
    (b) => anyLevel(ref, (level) => termOf.numberBucket(level, ref.key, b)),
    (b) => anyLevel(ref, (level) => termOf.wideNumberBucket(level, ref.key, b)),
  );
}

function numberOf(value: Constant): number | undefined {
  if (value.type === "int") return Number(value.value);
  return value.type === "double" ? value.value : undefined;
}

/** Bounds are moved outwards by this part of themselves: far more than doubles and logarithms round. */
const rounding = 1e-9;

/** Both ends inclusive. */
type Buckets = readonly [from: number, to: number];

/** Covers a range of buckets, with wide ones where they lie in it whole. */
function rangeOf(
  [from, to]: Buckets,
  narrow: (bucket: number) => TermNode,
  wide: (bucket: number) => TermNode,
): TermNode {
  const nodes: TermNode[] = [];
  for (let bucket = from; bucket <= to; ) {
    const whole = wideBucket(bucket) * bucketsPerWide === bucket && bucket + bucketsPerWide - 1 <= to;
    nodes.push(whole ? wide(wideBucket(bucket)) : narrow(bucket));
    bucket += whole ? bucketsPerWide : 1;
  }
  return { any: nodes };
}

/** The buckets of a range of durations; undefined when it has nearly all. */
function durationBuckets(min: bigint | undefined, max: bigint | undefined): Buckets | undefined {
  const from = min === undefined || min <= 1n ? 0 : durationBucket(Number(min) * (1 - rounding));
  const to = max === undefined ? maxDurationBucket : durationBucket(Number(max) * (1 + rounding));
  return from === 0 ? undefined : [from, to];
}

function durationTerms(min: bigint | undefined, max: bigint | undefined): TermNode | undefined {
  const buckets = durationBuckets(min, max);
  if (buckets === undefined) return undefined;
  return rangeOf(
    buckets,
    (bucket) => ({ term: termOf.duration(bucket) }),
    (bucket) => ({ term: termOf.wideDuration(bucket) }),
  );
}

/**
 * A fragment may hold spans of several services, so that a service and a name, a status or a
 * duration beside it need not stand on the same span. The index keeps these pairs as terms, which say all that
 * the parts' own terms would.
 */
function conjunction(args: readonly Predicate[]): TermNode | undefined {
  const serviceArg = args.find((arg) => serviceOf(arg) !== undefined);
  if (serviceArg === undefined) return allOf(args.map(requiredTerms));
  const service = serviceOf(serviceArg) as string;
  const said = new Set<Predicate>();
  const pairs: TermNode[] = [];
  let min: bigint | undefined;
  let max: bigint | undefined;
  const durations: Predicate[] = [];
  for (const arg of args) {
    const pair = servicePair(service, arg);
    if (pair !== undefined) {
      pairs.push(pair);
      said.add(arg);
    } else if (isDurationBound(arg)) {
      if (arg.op === "gt" || arg.op === "gte") min = arg.value.value;
      else max = arg.value.value;
      durations.push(arg);
    }
  }
  const buckets = durationBuckets(min, max);
  if (buckets !== undefined) {
    pairs.push(
      rangeOf(
        buckets,
        (bucket) => ({ term: termOf.serviceDuration(service, bucket) }),
        (bucket) => ({ term: termOf.serviceWideDuration(service, bucket) }),
      ),
    );
    for (const arg of durations) said.add(arg);
  }
  if (pairs.length > 0) said.add(serviceArg);
  return allOf([...pairs, ...args.filter((arg) => !said.has(arg)).map(requiredTerms)]);
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

type DurationBound = Extract<Predicate, { value: Constant }> & { readonly value: { readonly value: bigint } };

function isDurationBound(arg: Predicate): arg is DurationBound {
  if (arg.op !== "gt" && arg.op !== "gte" && arg.op !== "lt" && arg.op !== "lte") return false;
  return (
    arg.ref.ref === "field" &&
    arg.ref.level === "span" &&
    arg.ref.name === "duration" &&
    arg.value.type === "nanos"
  );
}

function serviceOf(predicate: Predicate): string | undefined {
  if (predicate.op !== "eq" || predicate.ref.ref !== "field") return undefined;
  const { level, name } = predicate.ref;
  if (level !== "resource" || name !== "service" || !("text" in predicate.value)) return undefined;
  const { text } = predicate.value;
  return text === "" || !hasKnownBytes(text) ? undefined : text;
}
