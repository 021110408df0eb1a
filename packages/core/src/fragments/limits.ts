import { isSpanStoreError } from "../errors/errors.js";
import { parseGroups, type SpanGroup } from "../otlp/groups.js";
import { joinBytes } from "../otlp/own-bytes.js";
import { serviceNameOf } from "../otlp/service-name.js";
import { Cursor, readText, wireBytes } from "../otlp/wire.js";
import { FragmentWriter } from "./fragment-writer.js";
import type { RejectedSpan } from "./rejected-span.js";

/** The largest accepted size of each part of a span. */
export interface SpanLimits {
  /** Bytes of a span without its resource and scope. */
  readonly spanBytes: number;
  /** Bytes of the name of a span, event, scope or service, of a scope's version, of an attribute's key, of a trace state. */
  readonly nameBytes: number;
  /** Bytes of an attribute's encoded value, and of a status message. */
  readonly valueBytes: number;
  /** Attributes of one span, event, link, scope or resource. */
  readonly attributes: number;
}

export interface LimitedTraces {
  /** The accepted spans: the given bytes themselves when no span is rejected, empty when all are. */
  readonly encoded: Uint8Array;
  readonly rejected: readonly RejectedSpan[];
}

/** The field numbers of a message's parts. */
interface Shape {
  readonly name: string;
  readonly attributes: number;
  /** Fields limited by `nameBytes`, with their names for reasons. */
  readonly names: Readonly<Record<number, string>>;
  /** Fields that are messages with limited parts. */
  readonly nested?: Readonly<Record<number, Shape>>;
}

const eventShape: Shape = { name: "events", attributes: 3, names: { 2: "name" } };
const linkShape: Shape = { name: "links", attributes: 4, names: { 3: "trace_state" } };
const spanShape: Shape = {
  name: "span",
  attributes: 9,
  names: { 3: "trace_state", 5: "name" },
  nested: { 11: eventShape, 13: linkShape },
};
const resourceShape: Shape = { name: "resource", attributes: 1, names: {} };
const scopeShape: Shape = { name: "scope", attributes: 3, names: { 1: "name", 2: "version" } };
const statusField = 15;
const statusMessageField = 2;

/** An attribute has at least a tag and a length. */
const leastAttributeBytes = 2;
const shownKeyChars = 100;

/**
 * Rejects the spans of an encoded TracesData that exceed a limit, or whose resource or scope does. The reasons name the part
 * at fault. Malformed parts pass: the store rejects them.
 * @throws INVALID_TRACES when the bytes around the spans are not OTLP.
 */
export function limitTraces(encoded: Uint8Array, limits: SpanLimits): LimitedTraces {
  // A shorter message is within every limit.
  const small = Math.min(
    limits.spanBytes,
    limits.nameBytes,
    limits.valueBytes,
    limits.attributes * leastAttributeBytes,
  );
  if (encoded.length <= small) return { encoded, rejected: [] };
  const kept = new FragmentWriter();
  const rejected: RejectedSpan[] = [];
  for (const group of parseGroups(encoded)) {
    if (group.spans.length === 0) continue;
    const around = problemAround(group, limits, small);
    for (let i = 0; i < group.spans.length; i += 2) {
      const start = group.spans[i] as number;
      const end = group.spans[i + 1] as number;
      const reason =
        around ?? (end - start <= small ? undefined : problemOf(group.bytes, start, end, limits));
      if (reason === undefined) kept.add(group, start, end);
      else rejected.push({ encoded: joinBytes(group.bytes.subarray(start, end)), reason });
    }
  }
  return { encoded: rejected.length === 0 ? encoded : kept.encode(), rejected };
}

function problemAround(
  { resource, scope }: SpanGroup,
  limits: SpanLimits,
  small: number,
): string | undefined {
  const of = (encoded: Uint8Array, shape: Shape): string | undefined =>
    encoded.length <= small
      ? undefined
      : unlessMalformed(() => problemIn(encoded, 0, encoded.length, shape, shape.name, limits));
  const found = of(resource.encoded, resourceShape) ?? of(scope.encoded, scopeShape);
  if (found !== undefined || resource.encoded.length <= limits.nameBytes) return found;
  return unlessMalformed(() => {
    const bytes = Buffer.byteLength(serviceNameOf(resource.encoded));
    return tooLong(bytes, limits.nameBytes, 'resource.attributes["service.name"]');
  });
}

function problemOf(bytes: Uint8Array, start: number, end: number, limits: SpanLimits): string | undefined {
  return (
    tooLong(end - start, limits.spanBytes, "span") ??
    unlessMalformed(() => problemIn(bytes, start, end, spanShape, "span", limits))
  );
}

function problemIn(
  bytes: Uint8Array,
  start: number,
  end: number,
  shape: Shape,
  path: string,
  limits: SpanLimits,
): string | undefined {
  const cursor = new Cursor(bytes, start, end);
  const counts = new Map<number, number>();
  while (cursor.pos < cursor.end) {
    const tag = cursor.tag();
    if ((tag & 7) !== wireBytes) {
      cursor.skip(tag);
      continue;
    }
    const field = tag >>> 3;
    const partEnd = cursor.lengthEnd();
    const from = cursor.pos;
    cursor.pos = partEnd;
    const index = counts.get(field) ?? 0;
    counts.set(field, index + 1);
    let problem: string | undefined;
    const name = shape.names[field];
    const nested = shape.nested?.[field];
    if (name !== undefined) problem = tooLong(partEnd - from, limits.nameBytes, `${path}.${name}`);
    else if (nested !== undefined)
      problem = problemIn(bytes, from, partEnd, nested, `${path}.${nested.name}[${index}]`, limits);
    else if (field === shape.attributes) {
      if (index >= limits.attributes) return `${path}.attributes: more than the allowed ${limits.attributes}`;
      problem = problemInAttribute(bytes, from, partEnd, path, limits);
    } else if (shape === spanShape && field === statusField) {
      problem = problemInStatus(bytes, from, partEnd, limits);
    }
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function problemInAttribute(
  bytes: Uint8Array,
  start: number,
  end: number,
  path: string,
  limits: SpanLimits,
): string | undefined {
  if (end - start <= Math.min(limits.nameBytes, limits.valueBytes)) return undefined;
  const cursor = new Cursor(bytes, start, end);
  let key = "";
  let valueBytes = 0;
  while (cursor.pos < cursor.end) {
    const tag = cursor.tag();
    if ((tag & 7) !== wireBytes) {
      cursor.skip(tag);
      continue;
    }
    const partEnd = cursor.lengthEnd();
    if (tag >>> 3 === 1) {
      const problem = tooLong(partEnd - cursor.pos, limits.nameBytes, `${path}.attributes: a key`);
      if (problem !== undefined) return problem;
      key = readText(bytes, cursor.pos, partEnd);
    } else if (tag >>> 3 === 2) {
      valueBytes += partEnd - cursor.pos;
    }
    cursor.pos = partEnd;
  }
  return tooLong(
    valueBytes,
    limits.valueBytes,
    `${path}.attributes[${JSON.stringify(key.slice(0, shownKeyChars))}]`,
  );
}

function problemInStatus(
  bytes: Uint8Array,
  start: number,
  end: number,
  limits: SpanLimits,
): string | undefined {
  const cursor = new Cursor(bytes, start, end);
  while (cursor.pos < cursor.end) {
    const tag = cursor.tag();
    if (tag >>> 3 !== statusMessageField || (tag & 7) !== wireBytes) {
      cursor.skip(tag);
      continue;
    }
    const partEnd = cursor.lengthEnd();
    const problem = tooLong(partEnd - cursor.pos, limits.valueBytes, "span.status.message");
    if (problem !== undefined) return problem;
    cursor.pos = partEnd;
  }
  return undefined;
}

function tooLong(bytes: number, most: number, what: string): string | undefined {
  return bytes > most ? `${what} has ${bytes} bytes, and at most ${most} are allowed` : undefined;
}

function unlessMalformed(check: () => string | undefined): string | undefined {
  try {
    return check();
  } catch (error) {
    if (isSpanStoreError(error)) return undefined;
    throw error;
  }
}
