import { Cursor, FragmentWriter, parseGroups, type SpanGroup, SpanHead } from "@spanstore/core/otlp";
import { concernOf, isEmptyLink, keyOf } from "./attention.js";
import { asAddress } from "./attributes.js";
import { lengthDelimited } from "./protobuf.js";
import { type Moved, noChange, rewriteSpan, type SpanChange } from "./rewrite-span.js";

const resourceTag = 0x0a;

/** The range of a span's bytes: within the chunk, or after it for a rewritten span. */
interface Range {
  readonly group: SpanGroup;
  readonly start: number;
  readonly end: number;
}

/**
 * Adjusts one chunk of a trace.
 * @param changeOf returns the change of a span; called once a span, in order.
 * @returns the given bytes when nothing changes.
 */
export function adjustChunk(
  encoded: Uint8Array,
  changeOf: (head: SpanHead) => SpanChange | undefined,
): Uint8Array {
  const head = new SpanHead();
  const behind: Uint8Array[] = [];
  let size = encoded.length;
  let isChanged = false;
  const append = (bytes: Uint8Array): { start: number; end: number } => {
    behind.push(bytes);
    const start = size;
    size += bytes.length;
    return { start, end: size };
  };

  const ranges: Range[] = [];
  const movedOf = new Map<SpanGroup["resource"], Moved>();
  for (const group of parseGroups(encoded)) {
    const { resource } = group;
    let moved = movedOf.get(resource);
    if (moved === undefined) {
      moved = new Map();
      movedOf.set(resource, moved);
    }
    for (let i = 0; i < group.spans.length; i += 2) {
      const start = group.spans[i] as number;
      const end = group.spans[i + 1] as number;
      head.scan(encoded, start, end);
      const change = changeOf(head);
      if (change === undefined && !needsRewriting(head)) {
        ranges.push({ group, start, end });
        continue;
      }
      isChanged = true;
      const span = rewriteSpan(head, change ?? noChange, (key) => attributeOf(resource.encoded, key), moved);
      ranges.push({ group, ...append(span) });
    }
  }

  const resources = new Map<SpanGroup["resource"], SpanGroup["resource"]>();
  for (const [resource, moved] of movedOf) {
    const adjusted = adjustedResource(resource.encoded, moved);
    if (adjusted === undefined) continue;
    isChanged = true;
    const { start, end } = append(lengthDelimited(resourceTag, adjusted));
    resources.set(resource, {
      ...resource,
      encoded: adjusted,
      raw: [start, end, ...withoutResource(encoded, resource.raw)],
    });
  }
  if (!isChanged) return encoded;

  const bytes = Buffer.concat([encoded, ...behind], size);
  const groups = new Map<SpanGroup, SpanGroup>();
  const writer = new FragmentWriter();
  for (const { group, start, end } of ranges) {
    let adjusted = groups.get(group);
    if (adjusted === undefined) {
      adjusted = { ...group, bytes, resource: resources.get(group.resource) ?? group.resource };
      groups.set(group, adjusted);
    }
    writer.add(adjusted, start, end);
  }
  return writer.encode();
}

/** Whether the span needs an adjustment that depends on no other span. */
function needsRewriting(head: SpanHead): boolean {
  const { bytes, attributes, links } = head;
  for (let i = 0; i < attributes.length; i += 2) {
    const concern = concernOf(bytes, attributes[i] as number, attributes[i + 1] as number);
    if (concern === "library" || concern === "address") return true;
  }
  for (let i = 0; i < links.length; i += 2) {
    if (isEmptyLink(bytes, links[i] as number, links[i + 1] as number)) return true;
  }
  return false;
}

/** The encoded attribute of a resource with this key, which must have a concern. */
function attributeOf(resource: Uint8Array, key: string): Buffer | undefined {
  for (const { content, field } of fieldsOf(resource)) {
    if (field === 1 && concernOf(content, 0, content.length) !== undefined && keyOf(content, 0) === key) {
      return Buffer.from(content);
    }
  }
  return undefined;
}

/** @returns undefined when the resource does not change. */
function adjustedResource(resource: Uint8Array, moved: Moved): Buffer | undefined {
  let isChanged = moved.size > 0;
  const parts: Uint8Array[] = [];
  for (const { whole, content, field } of fieldsOf(resource)) {
    const isAddress = field === 1 && concernOf(content, 0, content.length) === "address";
    const address = isAddress ? asAddress(content) : undefined;
    parts.push(address === undefined ? whole : lengthDelimited(0x0a, address));
    if (address !== undefined) isChanged = true;
  }
  for (const attribute of moved.values()) parts.push(lengthDelimited(0x0a, attribute));
  return isChanged ? Buffer.concat(parts) : undefined;
}

interface Field {
  readonly field: number;
  /** The field with its tag. */
  readonly whole: Uint8Array;
  /** The content of a length-delimited field; empty for others. */
  readonly content: Uint8Array;
}

function* fieldsOf(message: Uint8Array): Generator<Field, void, undefined> {
  const cursor = new Cursor(message);
  while (cursor.pos < cursor.end) {
    const at = cursor.pos;
    const tag = cursor.tag();
    const valueAt = cursor.pos;
    let content = message.subarray(0, 0);
    if ((tag & 7) === 2) {
      const end = cursor.lengthEnd();
      content = message.subarray(cursor.pos, end);
      cursor.pos = valueAt;
    }
    cursor.skip(tag);
    yield { field: tag >>> 3, whole: message.subarray(at, cursor.pos), content };
  }
}

/** The raw ranges of a ResourceSpans without its resource. */
function withoutResource(bytes: Uint8Array, raw: readonly number[]): number[] {
  const kept: number[] = [];
  for (let i = 0; i < raw.length; i += 2) {
    if (bytes[raw[i] as number] !== resourceTag) kept.push(raw[i] as number, raw[i + 1] as number);
  }
  return kept;
}
